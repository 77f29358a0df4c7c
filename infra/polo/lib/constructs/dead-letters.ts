/**
 * The queue that keeps what failed for good, for people to look at and send again.
 * Invariant: ONE policy statement lets EventBridge write to it, however many rules there are. CDK would add one per
 * rule, and a queue policy ends at 20 statements and 10 conditions.
 */
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IDestination } from 'aws-cdk-lib/aws-lambda';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';

/** The queue itself, and who may write to it. */
export class DeadLetterQueue extends Construct {
  constructor(scope: Construct, id: string, names: Names) {
    super(scope, id);
    const queue = new Queue(this, 'Queue', {
      queueName: names.deadLetters,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    const rules = `arn:${Aws.PARTITION}:events:${Aws.REGION}:${Aws.ACCOUNT_ID}:rule`;
    queue.addToResourcePolicy(
      new PolicyStatement({
        sid: 'KeepUndelivered',
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        // Rules on the default bus are rule/<name>, those on Polo's bus rule/<bus>/<name>.
        conditions: { ArnLike: { 'aws:SourceArn': [`${rules}/${names.rule('*')}`, `${rules}/${names.bus}/*`] } },
      }),
    );
  }
}

/** The queue as the functions' stack sees it: by its name, so that neither stack holds up a change of the other. */
export class DeadLetters extends Construct {
  readonly queueName: string;
  /** For rule targets: imported, so that CDK leaves the queue's policy alone. */
  readonly forRules: IQueue;
  /** For asynchronous invocations. The right to send is the function's own statement: CDK's grant is wider. */
  readonly forInvocations: IDestination;

  constructor(scope: Construct, id: string, names: Names) {
    super(scope, id);
    this.queueName = names.deadLetters;
    const queueArn = `arn:${Aws.PARTITION}:sqs:${Aws.REGION}:${Aws.ACCOUNT_ID}:${names.deadLetters}`;
    this.forRules = Queue.fromQueueAttributes(this, 'ForRules', { queueArn });
    this.forInvocations = { bind: () => ({ destination: queueArn }) };
  }
}
