/**
 * cdk-nag's rules for every stack. Invariant: every finding is acknowledged here with its reason, and every
 * acknowledgement is needed: one that no finding meets any more, wherever the hub is, fails too.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readConfig } from '../lib/settings/config.ts';
import { DataStack } from '../lib/stacks/data-stack.ts';
import { ForwarderStack } from '../lib/stacks/forwarder-stack.ts';
import { PageStack } from '../lib/stacks/page-stack.ts';
import { PoloStack } from '../lib/stacks/polo-stack.ts';
import { RolesStack } from '../lib/stacks/roles-stack.ts';
import { EXTERNAL_ID, HUB, MANIFESTS, ORGANIZATION } from './support/member-roles.ts';
import { PAGE } from './support/page.ts';
import type { Plain } from './support/stack.ts';

const SETTINGS = {
  artifacts: 'stub',
  hubAccountId: HUB,
  hubRegion: 'eu-west-1',
  alarmEmails: 'oncall@example.com',
  externalId: EXTERNAL_ID,
  hubOrganizationId: ORGANIZATION,
  rolloutOus: 'r-ab12',
  provisioning: 'on',
  actionRole: 'on',
  deletableBucketArns: 'arn:aws:s3:::old-exports',
  slack: 'on',
  ...PAGE,
  pageAccessLogBucket: 'balancer-logs',
};

const LOCATIONS: readonly Record<string, string>[] = [
  { hubLocation: 'management-account' },
  { hubLocation: 'delegated-administrator', managementAccountId: '111122223333' },
  { hubLocation: 'member-account', managementAccountId: '111122223333' },
];

interface Acknowledgement {
  readonly rule: RegExp;
  readonly where: RegExp;
  readonly reason: string;
}

const wildcard = (resource: string): RegExp => new RegExp(`^AwsSolutions-IAM5\\[Resource::${resource}\\]$`);
const HUB_ROLE = /^dev-polo\/[a-z0-9_-]+\/Role\/Resource$/;
const ACKNOWLEDGED: readonly Acknowledgement[] = [
  { rule: /^AwsSolutions-SQS3$/, where: /^dev-polo-data\/DeadLetters\/Queue\/Resource$/, reason: 'it is the dead letter queue' },
  { rule: /^AwsSolutions-SMG4$/, where: /^dev-polo-data\/Secrets\/ClickhousePassword$/, reason: 'who rotates it has to change it in ClickHouse too, which no function of AWS can; the functions read a new one by themselves' },
  { rule: /^AwsSolutions-SMG4$/, where: /^dev-polo-data\/Secrets\/SlackWebhook$/, reason: 'an address that Slack gives, and that only Slack can change' },
  { rule: wildcard('arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws/lambda/dev-polo-[a-z0-9_-]+:\\*'), where: HUB_ROLE, reason: "the streams of the function's one log group, which Lambda names" },
  { rule: wildcard('arn:<AWS::Partition>:iam::\\*:role/dev-PoloReadRole'), where: HUB_ROLE, reason: 'one role by name, in every account of the known organizations' },
  { rule: wildcard('arn:<AWS::Partition>:iam::\\*:role/dev-polo-action-role'), where: /^dev-polo\/access-verifier\/Role\/Resource$/, reason: 'one role by name, in every account of the known organizations' },
  { rule: wildcard('arn:<AWS::Partition>:cloudformation:<AWS::Region>:(\\*|<AWS::AccountId>):stackset/dev-polo-roles:\\*'), where: /^dev-polo\/(access-verifier|role-provisioner)\/Role\/Resource$/, reason: "one stack set by name: its id is AWS's, and its account is the management account's" },
  { rule: wildcard('arn:<AWS::Partition>:cloudformation:<AWS::Region>:(\\*|<AWS::AccountId>):stackset-target/dev-polo-roles:\\*'), where: /^dev-polo\/role-provisioner\/Role\/Resource$/, reason: 'the OUs and accounts of one stack set, whose id is AWS\'s' },
  { rule: wildcard('arn:<AWS::Partition>:cloudformation:<AWS::Region>:\\*:type/resource/AWS-IAM-(Role|Policy)'), where: /^dev-polo(\/role-provisioner\/Role\/Resource|-roles\/Provisioner)$/, reason: "two resource types of AWS's own, whose ARNs have no account" },
  { rule: wildcard('arn:<AWS::Partition>:cloudformation:<AWS::Region>:<AWS::AccountId>:stackset(-target)?/dev-polo-roles:\\*'), where: /^dev-polo-roles\/(OrganizationReader|Provisioner)$/, reason: "the stack set beside them, by name: its id is AWS's" },
  { rule: wildcard('\\*'), where: /^dev-polo-roles\/OrganizationReader$/, reason: 'reads of Organizations, most of which know no resource' },
  { rule: wildcard('\\*'), where: /^dev-polo\/account-discovery\/Role\/Resource$/, reason: 'reads of Organizations, most of which know no resource' },
  { rule: wildcard('\\*'), where: /^dev-polo-roles\/ReadRole$/, reason: 'reads of every resource of the account are what the role is for; each action is declared by a collector' },
  { rule: wildcard('arn:<AWS::Partition>:(ec2|sagemaker|logs):\\*:<AWS::AccountId>:[a-z-]+[/:]\\*'), where: /^dev-polo-roles\/ActionRole$/, reason: 'acts on any resource of one kind in its own account, unless it is tagged polo:protected' },
  { rule: wildcard('arn:<AWS::Partition>:ec2:\\*::snapshot/\\*'), where: /^dev-polo-roles\/ActionRole$/, reason: "a snapshot's ARN has no account: the owner is a condition" },
  { rule: wildcard('arn:aws:s3:::old-exports/\\*'), where: /^dev-polo-roles\/DeleteObjects$/, reason: 'the objects of a bucket that a setting lists' },
];

type Finding = readonly [rule: string, where: string];

function findingsOf(t: TestContext, settings: Record<string, unknown>): Finding[] {
  const outdir = mkdtempSync(join(tmpdir(), 'polo-nag-'));
  t.after(() => rmSync(outdir, { recursive: true, force: true }));
  const app = new App({ outdir, analyticsReporting: false, autoSynth: false, builtinCloudFormationValidation: false });
  const config = readConfig(settings);
  new PoloStack(app, { config, manifests: MANIFESTS });
  new DataStack(app, config);
  new PageStack(app, config);
  new RolesStack(app, { config, manifests: MANIFESTS });
  new ForwarderStack(app, config);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  assert.throws(() => app.synth(), /Validation failed/);

  const report: Plain = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8'));
  const [nag, ...others]: Plain[] = report.pluginReports;
  assert.deepEqual([nag.pluginName, others], ['AwsSolutions', []]);
  return nag.violations.flatMap(({ ruleName, violatingConstructs }: Plain) => violatingConstructs.map(({ constructPath }: Plain) => [ruleName, constructPath]));
}

test("cdk-nag's AwsSolutions rules find what is acknowledged, and nothing else", (t) => {
  // It prints the findings, and fails because there are some: what they are is in the report.
  t.mock.method(console, 'error', () => undefined);
  const findings = LOCATIONS.flatMap((location) => findingsOf(t, { ...SETTINGS, ...location }));
  const meets = ([rule, where]: Finding, known: Acknowledgement): boolean => known.rule.test(rule) && known.where.test(where);
  assert.deepEqual(findings.filter((finding) => !ACKNOWLEDGED.some((known) => meets(finding, known))), []);
  for (const known of ACKNOWLEDGED) assert.ok(findings.some((finding) => meets(finding, known)), `no longer found: ${known.rule} (${known.reason})`);
});
