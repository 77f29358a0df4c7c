/**
 * cdk-nag's rules for every stack. Invariant: every finding is acknowledged here with its reason, and every
 * acknowledgement is needed: one that no finding meets any more fails too.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readConfig } from '../lib/config.ts';
import { ForwarderStack } from '../lib/forwarder-stack.ts';
import { PoloStack } from '../lib/polo-stack.ts';
import { RolesStack } from '../lib/roles-stack.ts';
import { EXTERNAL_ID, HUB, MANIFESTS, ORGANIZATION } from './support/member-roles.ts';
import type { Plain } from './support/stack.ts';

const SETTINGS = {
  artifacts: 'stub',
  hubAccountId: HUB,
  hubRegion: 'eu-west-1',
  managementAccountId: '111122223333',
  alarmEmails: 'oncall@example.com',
  externalId: EXTERNAL_ID,
  hubOrganizationId: ORGANIZATION,
  rolloutOus: 'r-ab12',
  stackSetName: 'dev-polo-roles',
  actionRole: 'on',
  actionRoleName: 'dev-polo-action-role',
  deletableBucketArns: 'arn:aws:s3:::old-exports',
};

interface Acknowledgement {
  readonly rule: RegExp;
  readonly where: RegExp;
  readonly reason: string;
}

const wildcard = (resource: string): RegExp => new RegExp(`^AwsSolutions-IAM5\\[Resource::${resource}\\]$`);
const HUB_ROLE = /^dev-polo\/[a-z0-9_-]+\/Role\/Resource$/;
const ACKNOWLEDGED: readonly Acknowledgement[] = [
  { rule: /^AwsSolutions-SQS3$/, where: /^dev-polo\/DeadLetters\/Queue\/Resource$/, reason: 'it is the dead letter queue' },
  { rule: wildcard('arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws/lambda/dev-polo-[a-z0-9_-]+:\\*'), where: HUB_ROLE, reason: "the streams of the function's one log group, which Lambda names" },
  { rule: wildcard('arn:<AWS::Partition>:iam::\\*:role/dev-PoloReadRole'), where: HUB_ROLE, reason: 'one role by name, in every account of the known organizations' },
  { rule: wildcard('arn:<AWS::Partition>:iam::\\*:role/dev-polo-action-role'), where: /^dev-polo\/access-verifier\/Role\/Resource$/, reason: 'one role by name, in every account of the known organizations' },
  { rule: wildcard('arn:<AWS::Partition>:cloudformation:<AWS::Region>:\\*:stackset/dev-polo-roles:\\*'), where: /^dev-polo\/access-verifier\/Role\/Resource$/, reason: "one stack set by name: its id is AWS's, and its account is the management account's" },
  { rule: wildcard('\\*'), where: /^dev-polo\/account-discovery\/Role\/Resource$/, reason: 'reads of Organizations, most of which know no resource' },
  { rule: wildcard('\\*'), where: /^dev-polo-roles\/ReadRole$/, reason: 'reads of every resource of the account are what the role is for; each action is declared by a collector' },
  { rule: wildcard('arn:<AWS::Partition>:(ec2|sagemaker|logs):\\*:<AWS::AccountId>:[a-z-]+[/:]\\*'), where: /^dev-polo-roles\/ActionRole$/, reason: 'acts on any resource of one kind in its own account, unless it is tagged polo:protected' },
  { rule: wildcard('arn:<AWS::Partition>:ec2:\\*::snapshot/\\*'), where: /^dev-polo-roles\/ActionRole$/, reason: "a snapshot's ARN has no account: the owner is a condition" },
  { rule: wildcard('arn:aws:s3:::old-exports/\\*'), where: /^dev-polo-roles\/DeleteObjects$/, reason: 'the objects of a bucket that a setting lists' },
];

test("cdk-nag's AwsSolutions rules find what is acknowledged, and nothing else", (t) => {
  const outdir = mkdtempSync(join(tmpdir(), 'polo-nag-'));
  t.after(() => rmSync(outdir, { recursive: true, force: true }));
  const app = new App({ outdir, analyticsReporting: false, autoSynth: false, builtinCloudFormationValidation: false });
  const config = readConfig(SETTINGS);
  new PoloStack(app, { config, manifests: MANIFESTS });
  new RolesStack(app, { config, manifests: MANIFESTS });
  new ForwarderStack(app, config);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  // It prints the findings, and fails because there are some: what they are is in the report.
  t.mock.method(console, 'error', () => undefined);
  assert.throws(() => app.synth(), /Validation failed/);

  const report: Plain = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8'));
  const [nag, ...others]: Plain[] = report.pluginReports;
  assert.deepEqual([nag.pluginName, others], ['AwsSolutions', []]);
  const findings: [rule: string, where: string][] = nag.violations.flatMap(({ ruleName, violatingConstructs }: Plain) =>
    violatingConstructs.map(({ constructPath }: Plain) => [ruleName, constructPath]),
  );
  const meets = ([rule, where]: [string, string], known: Acknowledgement): boolean => known.rule.test(rule) && known.where.test(where);
  assert.deepEqual(findings.filter((finding) => !ACKNOWLEDGED.some((known) => meets(finding, known))), []);
  for (const known of ACKNOWLEDGED) assert.ok(findings.some((finding) => meets(finding, known)), `no longer found: ${known.rule} (${known.reason})`);
});
