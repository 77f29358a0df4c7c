/** Functions: settings from manifests and configuration, logs, failure path, and an environment anyone can read. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadManifests } from '../lib/inputs/manifest.ts';
import { elf } from './support/elf.ts';
import { failsWith } from './support/failure.ts';
import { CORE_FUNCTIONS, FIXTURES, FIXTURE_COLLECTORS, synthesize } from './support/stack.ts';

const IDS = [...CORE_FUNCTIONS, ...FIXTURE_COLLECTORS];
const stack = synthesize();
const DEAD_LETTERS = 'arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:dev-polo-dead-letters';

test('there is one function per core function and per manifest, and no other', () => {
  assert.deepEqual(stack.all('AWS::Lambda::Function').map(({ properties }) => properties.FunctionName).sort(), IDS.map((id) => `dev-polo-${id}`).sort());
});

test('the stack holds these kinds of resources and no others', () => {
  assert.deepEqual(stack.types(), [
    'AWS::CloudWatch::Alarm',
    'AWS::Events::EventBus',
    'AWS::Events::Rule',
    'AWS::IAM::Role',
    'AWS::Lambda::EventInvokeConfig',
    'AWS::Lambda::Function',
    'AWS::Lambda::Permission',
    'AWS::Lambda::Url',
    'AWS::Logs::LogGroup',
    'Custom::PoloSchema',
  ]);
});

test("memory, timeout and description are the manifest's", () => {
  for (const manifest of loadManifests(FIXTURES)) {
    const { MemorySize, Timeout, Description } = stack.function(manifest.id).properties;
    assert.deepEqual({ MemorySize, Timeout, Description }, { MemorySize: manifest.memory_mb, Timeout: manifest.timeout_s, Description: manifest.description });
  }
});

for (const id of IDS) {
  test(`${id} runs on its own role, logs JSON into its own group and keeps what failed`, () => {
    const { logicalId, properties } = stack.function(id);
    const role = stack.role(id);
    const logs = stack.one('AWS::Logs::LogGroup', 'LogGroupName', `/aws/lambda/dev-polo-${id}`);
    assert.equal(properties.Runtime, 'provided.al2023');
    assert.equal(properties.Handler, 'bootstrap');
    assert.deepEqual(properties.Architectures, ['x86_64']);
    assert.equal(properties.ReservedConcurrentExecutions, undefined);
    assert.equal(properties.Role, `<${role.logicalId}.Arn>`);
    assert.deepEqual(properties.LoggingConfig, { LogFormat: 'JSON', LogGroup: `<${logs.logicalId}>` });
    assert.equal(logs.properties.RetentionInDays, 30);
    assert.deepEqual(stack.one('AWS::Lambda::EventInvokeConfig', 'FunctionName', `<${logicalId}>`).properties, {
      FunctionName: `<${logicalId}>`,
      Qualifier: '$LATEST',
      MaximumEventAgeInSeconds: 6 * 3600,
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: DEAD_LETTERS } },
    });
  });
}

test('architecture and retention are settings', () => {
  const other = synthesize({ architecture: 'arm64', logRetentionDays: '90' });
  for (const { properties } of other.all('AWS::Lambda::Function')) assert.deepEqual(properties.Architectures, ['arm64']);
  for (const { properties } of other.all('AWS::Logs::LogGroup')) assert.equal(properties.RetentionInDays, 90);
});

test('every name carries the environment', () => {
  const prod = synthesize({ env: 'prod' });
  for (const id of IDS) assert.equal(prod.function(id, 'prod').properties.Environment.Variables.POLO_EVENT_BUS, 'prod-polo');
  assert.ok(!prod.json.includes('dev-polo'));
});

const COMMON = {
  CLICKHOUSE_PASSWORD_SECRET_ID: 'dev-polo/clickhouse-password',
  POLO_ENV: 'dev',
  POLO_HUB_ACCOUNT_ID: '${AWS::AccountId}',
  POLO_READ_ROLE_NAME: 'dev-PoloReadRole',
  POLO_MODE: 'organization',
  POLO_EVENT_BUS: 'dev-polo',
};

test('an unset setting is an absent variable', () => {
  for (const id of IDS) assert.deepEqual(stack.function(id).properties.Environment.Variables, COMMON);
});

test('every setting reaches the functions, and what is for one of them no other', () => {
  const organizations = [{ id: 'o-a1b2c3d4e5', exclude_ous: ['ou-ab12-34567890'] }];
  const full = synthesize({
    clickhouseUrl: 'https://clickhouse.example.com:8443',
    clickhouseDatabase: 'polo_dev',
    clickhouseUser: 'polo',
    clickhouseCluster: '{cluster}',
    runRetentionDays: 60,
    historyRetentionDays: '730',
    goneRetentionDays: 200,
    adoptedHistory: 'expire',
    slack: 'on',
    pageUrl: 'https://polo.example.com',
    actionRole: 'on',
    externalId: 'polo-external-id',
    organizations,
    stackSetName: 'polo-roles',
    regions: 'eu-west-1,us-east-1',
    checkConcurrency: 20,
    stsCallsPerSecond: 300,
    putEventsPerSecond: 100,
  });
  const common = {
    ...COMMON,
    CLICKHOUSE_URL: 'https://clickhouse.example.com:8443',
    CLICKHOUSE_DATABASE: 'polo_dev',
    CLICKHOUSE_USER: 'polo',
    POLO_EXTERNAL_ID: 'polo-external-id',
    POLO_ORGANIZATIONS: JSON.stringify(organizations),
    POLO_REGIONS: 'eu-west-1,us-east-1',
    POLO_CHECK_CONCURRENCY: '20',
    POLO_STS_CALLS_PER_SECOND: '300',
    POLO_PUT_EVENTS_PER_SECOND: '100',
  };
  const own: Record<string, Record<string, string>> = {
    'account-discovery': { POLO_ACTION_ROLE_NAME: 'dev-polo-action-role' },
    'access-verifier': { POLO_ACTION_ROLE_NAME: 'dev-polo-action-role', POLO_STACK_SET_NAME: 'polo-roles' },
    'coverage-notifier': { POLO_SLACK_WEBHOOK_SECRET_ID: 'dev-polo/slack-webhook', POLO_STATUS_PAGE_URL: 'https://polo.example.com' },
    'schema-migrator': {
      CLICKHOUSE_CLUSTER: '{cluster}',
      POLO_RUN_RETENTION_DAYS: '60',
      POLO_HISTORY_RETENTION_DAYS: '730',
      POLO_GONE_RETENTION_DAYS: '200',
      POLO_ADOPTED_HISTORY: 'expire',
    },
  };
  for (const id of IDS) {
    assert.deepEqual(full.function(id).properties.Environment.Variables, { ...common, ...own[id] }, id);
  }
});

test('only access-verifier is told that it reads the stack set as a delegated administrator, and only where there is one', () => {
  const told = (settings: Record<string, unknown>): string[] => {
    const stack = synthesize({ hubLocation: 'delegated-administrator', ...settings });
    return IDS.filter((id) => stack.function(id).properties.Environment.Variables.POLO_STACK_SET_CALL_AS === 'DELEGATED_ADMIN');
  };
  assert.deepEqual(told({ stackSetName: 'polo-roles' }), ['access-verifier']);
  assert.deepEqual(told({}), []);
});

test('explicit mode hands over the accounts', () => {
  const accounts = '111111111111,arn:aws:iam::222222222222:role/team/Reader';
  const { Variables } = synthesize({ mode: 'explicit', accounts }).function('account-discovery').properties.Environment;
  assert.equal(Variables.POLO_MODE, 'explicit');
  assert.equal(Variables.POLO_ACCOUNTS, accounts);
});

test('an environment that Lambda would refuse is refused here', () => {
  const accounts = Array.from({ length: 400 }, (_, index) => String(100_000_000_000 + index)).join(',');
  assert.throws(() => synthesize({ mode: 'explicit', accounts }), {
    name: 'SettingError',
    message: /^the environment of schema-migrator has \d+ bytes and Lambda allows 4096: shorten accounts or organizations$/,
  });
});

test('a name that AWS would refuse is refused here', () => {
  const [manifest] = loadManifests(FIXTURES);
  assert.ok(manifest);
  const id = 'a_collector_with_a_name_that_is_far_longer_than_any_service';
  failsWith(
    () => synthesize({}, [{ ...manifest, id }]),
    `the name dev-polo-${id} has ${`dev-polo-${id}`.length} characters and AWS allows 64: shorten env or the collector's id`,
  );
});

test('no partition is literal and no token is left unresolved', () => {
  assert.ok(!/arn:aws[a-z-]*:/.test(stack.json));
  assert.ok(!/Token\[|\$\{Token/.test(stack.json));
  for (const { properties } of stack.all('AWS::Lambda::Function')) {
    for (const [name, value] of Object.entries(properties.Environment.Variables)) {
      assert.equal(typeof value, 'string', name);
      assert.ok(!/<.*>/.test(value as string), `${name} refers to a resource`);
    }
  }
});

function artifactsFor(t: TestContext, ids: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'polo-artifacts-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const id of ids) {
    mkdirSync(join(folder, id));
    writeFileSync(join(folder, id, 'bootstrap'), elf('x86_64', `the binary of ${id}`));
  }
  return folder;
}

const DEPLOYABLE = { clickhouseUrl: 'https://clickhouse.example.com', clickhouseUser: 'polo', externalId: 'polo-x' };

test("each function's code is the folder of its own id", (t) => {
  const built = synthesize({ ...DEPLOYABLE, artifacts: artifactsFor(t, IDS) });
  const keys = built.all('AWS::Lambda::Function').map(({ properties }) => properties.Code.S3Key);
  assert.equal(new Set(keys).size, IDS.length);
  const again = synthesize({ ...DEPLOYABLE, artifacts: artifactsFor(t, IDS) });
  for (const id of IDS) assert.equal(again.function(id).properties.Code.S3Key, built.function(id).properties.Code.S3Key, 'the hash follows the content alone');
});

test('a function that was built for the other architecture is named', (t) => {
  const artifacts = artifactsFor(t, IDS);
  const bootstrap = join(artifacts, 'schema-migrator/bootstrap');
  failsWith(
    () => synthesize({ ...DEPLOYABLE, artifacts, architecture: 'arm64' }),
    `${bootstrap} is built for x86_64 and architecture is arm64: build with make build ARCH=arm64, or set "architecture" to "x86_64"`,
  );
});

test('a function that was not built is named', (t) => {
  const artifacts = artifactsFor(t, CORE_FUNCTIONS);
  failsWith(
    () => synthesize({ ...DEPLOYABLE, artifacts }),
    `${join(artifacts, 'account_alias/bootstrap')} does not exist: build it with make build, or set "artifacts" to "stub"`,
  );
});
