/** Secrets: which are made, that no template holds one, who is told of which and may read it, and what settings refuse. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../lib/settings/config.ts';
import { failsWith } from './support/failure.ts';
import { CORE_FUNCTIONS, FIXTURE_COLLECTORS, type Plain, type SynthesizedStack, synthesize, synthesizeData } from './support/stack.ts';

const IDS = [...CORE_FUNCTIONS, ...FIXTURE_COLLECTORS];
const PASSWORD_ARN = 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:platform/clickhouse-AbCdEf';
const SLACK_ARN = 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:platform/slack-GhIjKl';
const KEY_ARN = 'arn:aws:kms:eu-west-1:111111111111:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9';
const KEPT = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' };

const made = (settings: Record<string, unknown>): string[] => synthesizeData(settings).all('AWS::SecretsManager::Secret').map(({ properties }) => properties.Name);
const variable = (stack: SynthesizedStack, id: string, name: string): string | undefined => stack.function(id).properties.Environment.Variables[name];
const secretStatements = (stack: SynthesizedStack, id: string): Plain[] =>
  stack.role(id).properties.Policies[0].PolicyDocument.Statement.filter(({ Action }: Plain) => /^(secretsmanager|kms):/.test([Action].flat()[0]));

test("ClickHouse's password is made where it is kept, of letters and digits, and outlives its stack", () => {
  const [secret, ...others] = synthesizeData().all('AWS::SecretsManager::Secret');
  assert.ok(secret && others.length === 0);
  const { Description: _, ...properties } = secret.properties;
  assert.deepEqual(properties, { Name: 'dev-polo/clickhouse-password', GenerateSecretString: { PasswordLength: 40, ExcludePunctuation: true } });
  assert.deepEqual(secret.rest, KEPT);
});

test("Slack's secret is made empty: a person puts the address in", () => {
  const secret = synthesizeData({ slack: 'on' }).one('AWS::SecretsManager::Secret', 'Name', 'dev-polo/slack-webhook');
  assert.deepEqual(Object.keys(secret.properties).sort(), ['Description', 'Name']);
  assert.deepEqual(secret.rest, KEPT);
});

test('what exists is not made, and what is not asked for neither', () => {
  assert.deepEqual(made({}), ['dev-polo/clickhouse-password']);
  assert.deepEqual(made({ slack: 'on', env: 'prod' }), ['prod-polo/clickhouse-password', 'prod-polo/slack-webhook']);
  assert.deepEqual(made({ slack: 'off', clickhousePassword: 'none' }), []);
  assert.deepEqual(made({ clickhouseSecretArn: PASSWORD_ARN, slackSecretArn: SLACK_ARN }), []);
});

test('every function reads the password, and the notifier alone the address of Slack', () => {
  const stack = synthesize({ slack: 'on' });
  const own = (name: string): string => `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:dev-polo/${name}-??????`;
  for (const id of IDS) {
    assert.equal(variable(stack, id, 'CLICKHOUSE_PASSWORD_SECRET_ID'), 'dev-polo/clickhouse-password', id);
    const slack = id === 'coverage-notifier';
    assert.equal(variable(stack, id, 'POLO_SLACK_WEBHOOK_SECRET_ID'), slack ? 'dev-polo/slack-webhook' : undefined, id);
    assert.deepEqual(secretStatements(stack, id).map(({ Resource }) => Resource), [own('clickhouse-password'), ...(slack ? [own('slack-webhook')] : [])], id);
  }
});

test('an existing secret is read by its ARN, exactly', () => {
  const stack = synthesize({ clickhouseSecretArn: PASSWORD_ARN, slackSecretArn: SLACK_ARN });
  assert.equal(variable(stack, 'coverage-notifier', 'CLICKHOUSE_PASSWORD_SECRET_ID'), PASSWORD_ARN);
  assert.equal(variable(stack, 'coverage-notifier', 'POLO_SLACK_WEBHOOK_SECRET_ID'), SLACK_ARN);
  const read = (Sid: string, Resource: string): Plain => ({ Sid, Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource });
  assert.deepEqual(secretStatements(stack, 'coverage-notifier'), [read('ReadClickhousePassword', PASSWORD_ARN), read('ReadSlackWebhook', SLACK_ARN)]);
  assert.deepEqual(secretStatements(stack, 'config_ec2'), [read('ReadClickhousePassword', PASSWORD_ARN)]);
});

test("a key of the customer's decrypts the one secret, through Secrets Manager alone", () => {
  const stack = synthesize({ clickhouseSecretArn: PASSWORD_ARN, clickhouseSecretKeyArn: KEY_ARN, slackSecretArn: SLACK_ARN, slackSecretKeyArn: KEY_ARN });
  const decrypt = (Sid: string, secret: string): Plain => ({
    Sid,
    Effect: 'Allow',
    Action: 'kms:Decrypt',
    Resource: KEY_ARN,
    Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.${AWS::Region}.${AWS::URLSuffix}', 'kms:EncryptionContext:SecretARN': secret } },
  });
  const keys = (id: string): Plain[] => secretStatements(stack, id).filter(({ Action }) => Action === 'kms:Decrypt');
  assert.deepEqual(keys('config_ec2'), [decrypt('DecryptClickhousePassword', PASSWORD_ARN)]);
  assert.deepEqual(keys('coverage-notifier'), [decrypt('DecryptClickhousePassword', PASSWORD_ARN), decrypt('DecryptSlackWebhook', SLACK_ARN)]);
});

test('a server without a password is asked without one, and no function may read a secret', () => {
  const stack = synthesize({ clickhousePassword: 'none', clickhouseUrl: 'http://clickhouse.internal:8123' });
  for (const id of IDS) {
    assert.equal(variable(stack, id, 'CLICKHOUSE_PASSWORD_SECRET_ID'), undefined, id);
    assert.deepEqual(secretStatements(stack, id), [], id);
  }
});

const SECRET = 'write the full ARN of a secret, such as arn:aws:secretsmanager:eu-west-1:123456789012:secret:polo/clickhouse-AbCdEf, or leave it out';
const KEY = 'write the ARN of the key that the secret is encrypted with, such as arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-..., or leave it out';
const UNSHOWN = 'has a wrong value, which is not shown because it may be a secret';
const REFUSED: readonly [settings: Record<string, unknown>, sentence: string][] = [
  [{ clickhousePassword: 'hunter2' }, `clickhousePassword ${UNSHOWN}: write secret or none; the password itself belongs into Secrets Manager`],
  [{ slack: 'yes' }, 'slack is "yes": write one of on, off'],
  ...['polo/clickhouse', PASSWORD_ARN.slice(0, -7), PASSWORD_ARN.replace('clickhouse', '*'), PASSWORD_ARN.replace('111111111111', '*')].map((arn): [Record<string, unknown>, string] => [
    { clickhouseSecretArn: arn },
    `clickhouseSecretArn ${UNSHOWN}: ${SECRET}`,
  ]),
  [{ slackSecretArn: 'https://hooks.slack.com/services/T0/B0/x' }, `slackSecretArn ${UNSHOWN}: ${SECRET}`],
  [{ clickhouseSecretArn: PASSWORD_ARN, clickhouseSecretKeyArn: 'alias/polo' }, `clickhouseSecretKeyArn is "alias/polo": ${KEY}`],
  [{ clickhouseSecretKeyArn: KEY_ARN }, 'clickhouseSecretKeyArn is given and clickhouseSecretArn is missing: name the secret that the key is for'],
  [{ slack: 'on', slackSecretKeyArn: KEY_ARN }, 'slackSecretKeyArn is given and slackSecretArn is missing: name the secret that the key is for'],
  [{ clickhousePassword: 'none', clickhouseSecretArn: PASSWORD_ARN }, 'clickhouseSecretArn is given and clickhousePassword is "none": leave one of them out'],
  [{ slack: 'off', slackSecretArn: SLACK_ARN }, 'slackSecretArn is given and slack is "off": leave one of them out'],
  [
    { clickhouseUrl: 'http://clickhouse.example.com:8123' },
    'clickhouseUrl is http and the password would be sent in the clear: write https, or set "clickhousePassword" to "none"',
  ],
];
for (const [settings, sentence] of REFUSED) {
  test(`refused: ${sentence}`, () => failsWith(() => readConfig({ artifacts: 'stub', ...settings }), sentence));
}
