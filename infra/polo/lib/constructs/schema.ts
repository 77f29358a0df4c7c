/**
 * The database's schema as a resource of the stack: CloudFormation has schema-migrator bring it up to date.
 * Invariant: it is called when the migrations, the retention or the database they go to are others than at the last deployment, and what
 * depends on it is deployed after it: new code never runs on an old schema.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudformation-customresource.html
 */
import { CfnResource, CustomResource, Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { PoloConfig } from '../settings/polo-config.ts';
import { migrationsDigest } from '../inputs/migrations.ts';
import type { PoloFunction } from './polo-function.ts';

/** The function's time limit, Lambda's longest. It answers before that. */
export const MIGRATION_TIMEOUT_S = 900;
/** Longer than the function takes: Lambda may have to wait for a free place first. */
const ANSWER_TIMEOUT = Duration.minutes(20);

export class Schema extends Construct {
  private readonly resource: CfnResource;

  constructor(scope: Construct, id: string, migrator: PoloFunction, config: PoloConfig) {
    super(scope, id);
    const custom = new CustomResource(this, 'Schema', {
      resourceType: 'Custom::PoloSchema',
      serviceToken: migrator.lambda.functionArn,
      serviceTimeout: ANSWER_TIMEOUT,
      properties: {
        Migrations: migrationsDigest(),
        Url: config.clickhouseUrl,
        Database: config.clickhouseDatabase,
        Cluster: config.clickhouseCluster,
        RunRetentionDays: config.retention.runDays,
        HistoryRetentionDays: config.retention.historyDays,
        GoneRetentionDays: config.retention.goneDays,
        AdoptedHistory: config.retention.adoptedHistory,
      },
    });
    const { defaultChild } = custom.node;
    if (!CfnResource.isCfnResource(defaultChild)) throw new Error('the custom resource has no resource of CloudFormation');
    this.resource = defaultChild;
  }

  /** Nothing of the function but its code: its role and its log group may be there before. */
  before({ lambda }: PoloFunction): void {
    const { defaultChild } = lambda.node;
    if (!CfnResource.isCfnResource(defaultChild)) throw new Error('the function has no resource of CloudFormation');
    defaultChild.addResourceDependency(this.resource);
  }
}
