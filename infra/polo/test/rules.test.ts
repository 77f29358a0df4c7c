/** Rules: the whole list, which events they take, what their targets receive, and how they deliver. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadManifests } from '../lib/inputs/manifest.ts';
import { ACCOUNT_CHANGES, OTHER_EVENTS } from './support/account-events.ts';
import { matches, transformed } from './support/event-bridge.ts';
import { failsWith } from './support/failure.ts';
import { FIXTURES, type Plain, type Resource, type SynthesizedStack, synthesize } from './support/stack.ts';

const stack = synthesize();
const EVENT_ID = '6a7e8feb-b491-4cf7-a9f1-bf3703467718';
const EVENT_TIME = '2026-11-21T03:00:00Z';

const target = (rule: Resource): Plain => {
  assert.equal(rule.properties.Targets.length, 1);
  return rule.properties.Targets[0];
};
const invoked = (of: SynthesizedStack, rule: Resource): string => of.functionNameOf(target(rule).Arn);

interface ExpectedSchedule {
  readonly schedule: string;
  readonly target: string;
  readonly detail: Record<string, string>;
}

const SCHEDULES: Record<string, ExpectedSchedule> = {
  'hourly-discovery': { schedule: 'rate(1 hour)', target: 'account-discovery', detail: {} },
  'access-check-tick': { schedule: 'rate(5 minutes)', target: 'access-verifier', detail: {} },
  'dispatch-tick': { schedule: 'rate(5 minutes)', target: 'collection-dispatcher', detail: { mode: 'reconcile' } },
  'coverage-tick': { schedule: 'rate(5 minutes)', target: 'coverage-notifier', detail: {} },
  'daily-sweep': { schedule: 'cron(0 3 * * ? *)', target: 'collection-dispatcher', detail: { mode: 'sweep', schedule: 'daily' } },
  'weekly-sweep': { schedule: 'cron(0 4 ? * MON *)', target: 'collection-dispatcher', detail: { mode: 'sweep', schedule: 'weekly' } },
};

interface ExpectedEventRule {
  readonly pattern: Plain;
  readonly target: string;
  readonly fields: readonly string[];
  readonly takes: readonly Plain[];
}

const event = (source: string, detailType: string, detail: Plain): Plain => ({
  version: '0',
  id: EVENT_ID,
  'detail-type': detailType,
  source,
  account: '123456789012',
  time: EVENT_TIME,
  region: 'us-east-1',
  resources: [],
  detail,
});

const accessChanged = (source: string, polo_status: string): Plain =>
  event(source, 'Account Access Changed', { account_id: '012345678901', polo_status, status_reason: 'verified', previous: 'pending_setup' });
const collect = (collector: string): Plain =>
  event('polo.collection-dispatcher', 'Collect Account', {
    account_id: '012345678901',
    collector,
    sweep_id: '0f0e6ad5-8f8c-5d0c-9f0f-5d2a54f3a9c1',
    requested_at: '2026-11-21T03:00:01.250Z',
    schema: 1,
  });

const COLLECT_FIELDS = ['account_id', 'collector', 'sweep_id', 'requested_at'];
const collectRule = (id: string): ExpectedEventRule => ({
  pattern: { source: ['polo.collection-dispatcher'], 'detail-type': ['Collect Account'], detail: { collector: [id] } },
  target: id,
  fields: COLLECT_FIELDS,
  takes: [collect(id)],
});

const EVENT_RULES: Record<string, ExpectedEventRule> = {
  'access-activated': {
    pattern: {
      source: ['polo.account-discovery', 'polo.access-verifier'],
      'detail-type': ['Account Access Changed'],
      detail: { polo_status: ['active'] },
    },
    target: 'collection-dispatcher',
    fields: ['account_id', 'polo_status'],
    takes: [accessChanged('polo.account-discovery', 'active'), accessChanged('polo.access-verifier', 'active')],
  },
  'account-changes': {
    pattern: {
      source: ['aws.organizations', 'aws.controltower'],
      'detail-type': ['AWS Service Event via CloudTrail', 'AWS API Call via CloudTrail'],
      detail: {
        eventName: [
          'CreateAccountResult',
          'CloseAccountResult',
          'AccountJoinedOrganization',
          'AccountDepartedOrganization',
          'MoveAccount',
          'RemoveAccountFromOrganization',
          'CreateManagedAccount',
          'UpdateManagedAccount',
        ],
      },
    },
    target: 'account-discovery',
    fields: [],
    takes: ACCOUNT_CHANGES,
  },
  'collect-account_alias': collectRule('account_alias'),
  'collect-config_ec2': collectRule('config_ec2'),
};

/** Every event that some rule takes, and those that none may take. */
const EVENTS: readonly Plain[] = [
  ...Object.values(EVENT_RULES).flatMap(({ takes }) => takes),
  ...OTHER_EVENTS,
  accessChanged('polo.access-verifier', 'no_access'),
  accessChanged('polo.access-verifier', 'pending_setup'),
  accessChanged('polo.access-verifier', 'excluded'),
  accessChanged('polo.access-verifier', 'ACTIVE'),
  accessChanged('polo.coverage-notifier', 'active'),
  accessChanged('someone.else', 'active'),
  event('polo.account-discovery', 'Account Discovered', { account_id: '012345678901', polo_status: 'active' }),
  event('polo.account-discovery', 'Account Changed', { account_id: '012345678901', polo_status: 'active' }),
  event('polo.access-verifier', 'Account Access Changed', { account_id: '012345678901' }),
  collect('config_s3'),
  collect('config-ec2'),
  event('polo.access-verifier', 'Collect Account', { account_id: '012345678901', collector: 'config_ec2' }),
  event('polo.collection-dispatcher', 'Collect Accounts', { account_id: '012345678901', collector: 'config_ec2' }),
  event('polo.collection-dispatcher', 'Collect Account', null),
];

test('these are the rules, and there are no others', () => {
  const expected = [...Object.keys(SCHEDULES), ...Object.keys(EVENT_RULES)].map((rule) => `dev-polo-${rule}`);
  assert.deepEqual(stack.all('AWS::Events::Rule').map(({ properties }) => properties.Name).sort(), expected.sort());
});

for (const [name, expected] of Object.entries(SCHEDULES)) {
  test(`${name} fires on the default bus and tells ${expected.target} what to do`, () => {
    const rule = stack.rule(name);
    const { ScheduleExpression, State, EventBusName, EventPattern } = rule.properties;
    assert.deepEqual({ ScheduleExpression, State, EventBusName, EventPattern }, {
      ScheduleExpression: expected.schedule,
      State: 'ENABLED',
      EventBusName: undefined,
      EventPattern: undefined,
    });
    assert.equal(invoked(stack, rule), `dev-polo-${expected.target}`);
    const { InputTransformer, Input, InputPath } = target(rule);
    assert.deepEqual([Input, InputPath], [undefined, undefined]);
    assert.deepEqual(InputTransformer, {
      InputPathsMap: { id: '$.id', time: '$.time' },
      InputTemplate: `{"id":<id>,"time":<time>,"rule":"${name}","detail":${JSON.stringify(expected.detail)}}`,
    });
    const fired = event('aws.events', 'Scheduled Event', {});
    assert.deepEqual(transformed(InputTransformer, fired), { id: EVENT_ID, time: EVENT_TIME, rule: name, detail: expected.detail });
  });
}

for (const [name, expected] of Object.entries(EVENT_RULES)) {
  test(`${name} takes its events from Polo's bus, and no others`, () => {
    const rule = stack.rule(name);
    const bus = stack.one('AWS::Events::EventBus', 'Name', 'dev-polo');
    assert.equal(rule.properties.EventBusName, `<${bus.logicalId}>`);
    assert.equal(rule.properties.State, 'ENABLED');
    assert.equal(rule.properties.ScheduleExpression, undefined);
    assert.deepEqual(rule.properties.EventPattern, expected.pattern);
    for (const sample of EVENTS) {
      assert.equal(matches(rule.properties.EventPattern, sample), expected.takes.includes(sample), `${name}: ${JSON.stringify(sample)}`);
    }
  });

  test(`${name} hands ${expected.target} the event's identity and the fields it needs`, () => {
    const rule = stack.rule(name);
    assert.equal(invoked(stack, rule), `dev-polo-${expected.target}`);
    for (const sample of expected.takes) {
      assert.deepEqual(transformed(target(rule).InputTransformer, sample), {
        id: EVENT_ID,
        time: EVENT_TIME,
        source: sample.source,
        'detail-type': sample['detail-type'],
        detail: Object.fromEntries(expected.fields.map((field) => [field, sample.detail[field]])),
      });
    }
  });
}

test('every rule delivers with patience and keeps what it could not deliver', () => {
  const queue = 'arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:dev-polo-dead-letters';
  for (const rule of stack.all('AWS::Events::Rule')) {
    assert.deepEqual(target(rule).RetryPolicy, { MaximumEventAgeInSeconds: 6 * 3600, MaximumRetryAttempts: 185 });
    assert.deepEqual(target(rule).DeadLetterConfig, { Arn: queue });
  }
});

test('every rule may invoke its own target, and nothing else may invoke anything', () => {
  const expected = stack.all('AWS::Events::Rule').map((rule) => ({
    Action: 'lambda:InvokeFunction',
    FunctionName: target(rule).Arn,
    Principal: 'events.amazonaws.com',
    SourceArn: `<${rule.logicalId}.Arn>`,
  }));
  const bySource = (a: Plain, b: Plain): number => (a.SourceArn < b.SourceArn ? -1 : 1);
  assert.deepEqual(stack.all('AWS::Lambda::Permission').map(({ properties }) => properties).sort(bySource), expected.sort(bySource));
});

test('schedules are settings', () => {
  const other = synthesize({
    discoverySchedule: 'rate(30 minutes)',
    accessCheckSchedule: 'rate(10 minutes)',
    dispatchSchedule: 'rate(15 minutes)',
    coverageSchedule: 'rate(20 minutes)',
    sweepSchedules: { daily: 'cron(30 1 * * ? *)' },
  });
  const expressions = Object.fromEntries(Object.keys(SCHEDULES).map((name) => [name, other.rule(name).properties.ScheduleExpression]));
  assert.deepEqual(expressions, {
    'hourly-discovery': 'rate(30 minutes)',
    'access-check-tick': 'rate(10 minutes)',
    'dispatch-tick': 'rate(15 minutes)',
    'coverage-tick': 'rate(20 minutes)',
    'daily-sweep': 'cron(30 1 * * ? *)',
    'weekly-sweep': 'cron(0 4 ? * MON *)',
  });
});

test('one sweep rule serves all collectors of its schedule', () => {
  const manifests = loadManifests(FIXTURES).map((manifest) => ({ ...manifest, schedule: 'nightly' }));
  const sweeps = synthesize({ sweepSchedules: { nightly: 'cron(0 1 * * ? *)' } }, manifests)
    .all('AWS::Events::Rule')
    .map(({ properties }) => properties.Name)
    .filter((name: string) => name.endsWith('-sweep'));
  assert.deepEqual(sweeps, ['dev-polo-nightly-sweep']);
});

test('a schedule that no setting defines is refused', () => {
  const manifests = loadManifests(FIXTURES).map((manifest) => ({ ...manifest, schedule: 'constructor' }));
  failsWith(
    () => synthesize({}, manifests),
    'account_alias/collector.json: schedule is "constructor": write one of daily, hourly, weekly, or define it in the setting sweepSchedules',
  );
});
