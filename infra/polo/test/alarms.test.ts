/** Alarms: which there are, when they ring, whom they tell, and that each leads to its section of the runbook. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { RUNBOOK_SECTIONS } from '../lib/runbook.ts';
import { CORE_FUNCTIONS, FIXTURE_COLLECTORS, type Plain, type SynthesizedStack, synthesize, synthesizeData } from './support/stack.ts';

const stack = synthesize();
const RUNBOOK = join(import.meta.dirname, '../RUNBOOK.md');

const alarm = (name: string, of: SynthesizedStack = stack): Plain => of.one('AWS::CloudWatch::Alarm', 'AlarmName', `dev-polo-${name}`).properties;
const names = (of: SynthesizedStack): string[] => of.all('AWS::CloudWatch::Alarm').map(({ properties }) => properties.AlarmName);
const TOPIC = 'arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:dev-polo-alarms';
const topicOf = (of: SynthesizedStack): string => `<${of.one('AWS::SNS::Topic', 'TopicName', 'dev-polo-alarms').logicalId}>`;
/** The page is opened by people, who see for themselves; all others are set off by events. */
const BY_EVENTS = [...CORE_FUNCTIONS.filter((id) => id !== 'status-page'), ...FIXTURE_COLLECTORS];
const WATCHED = { 'account-discovery': 3600, 'access-verifier': 300, 'collection-dispatcher': 300, 'coverage-notifier': 300 };

test('each function has one for failures, each scheduled one another for silence, and the dead letters have theirs', () => {
  const expected = [
    ...[...CORE_FUNCTIONS, ...FIXTURE_COLLECTORS].map((id) => `dev-polo-${id}-failed`),
    ...Object.keys(WATCHED).map((id) => `dev-polo-${id}-not-running`),
    'dev-polo-dead-letters-not-empty',
  ];
  assert.deepEqual(names(stack).sort(), expected.sort());
});

for (const id of BY_EVENTS) {
  test(`${id}-failed rings for one event that was given up, and not for attempts`, () => {
    const { AlarmDescription, ...properties } = alarm(`${id}-failed`);
    assert.deepEqual(properties, {
      AlarmName: `dev-polo-${id}-failed`,
      Namespace: 'AWS/Lambda',
      MetricName: 'AsyncEventsDropped',
      Dimensions: [{ Name: 'FunctionName', Value: `<${stack.function(id).logicalId}>` }],
      Statistic: 'Sum',
      Period: 900,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: [TOPIC],
    });
    assert.ok(AlarmDescription.startsWith(`${id} gave up an event`));
  });
}

test('status-page-failed rings for one request that ended with an error: nobody makes it again', () => {
  const { AlarmDescription, ...properties } = alarm('status-page-failed');
  assert.deepEqual(properties, {
    AlarmName: 'dev-polo-status-page-failed',
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    Dimensions: [{ Name: 'FunctionName', Value: `<${stack.function('status-page').logicalId}>` }],
    Statistic: 'Sum',
    Period: 900,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'notBreaching',
    AlarmActions: [TOPIC],
  });
  assert.ok(AlarmDescription.startsWith('status-page ended with an error'));
});

for (const [id, period] of Object.entries(WATCHED)) {
  test(`${id}-not-running rings after three firings without an invocation, also where no data come, and tells its end`, () => {
    const { AlarmDescription, ...properties } = alarm(`${id}-not-running`);
    assert.deepEqual(properties, {
      AlarmName: `dev-polo-${id}-not-running`,
      Namespace: 'AWS/Lambda',
      MetricName: 'Invocations',
      Dimensions: [{ Name: 'FunctionName', Value: `<${stack.function(id).logicalId}>` }],
      Statistic: 'Sum',
      Period: period,
      EvaluationPeriods: 3,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
      AlarmActions: [TOPIC],
      OKActions: [TOPIC],
    });
    assert.ok(AlarmDescription.startsWith(`${id} was not invoked for ${(3 * period) / 60} minutes; its schedule is rate(`));
  });
}

test('the dead letters ring as long as one is left', () => {
  const { AlarmDescription, ...properties } = alarm('dead-letters-not-empty');
  assert.deepEqual(properties, {
    AlarmName: 'dev-polo-dead-letters-not-empty',
    Namespace: 'AWS/SQS',
    MetricName: 'ApproximateNumberOfMessagesVisible',
    Dimensions: [{ Name: 'QueueName', Value: synthesizeData().all('AWS::SQS::Queue')[0]?.properties.QueueName }],
    Statistic: 'Maximum',
    Period: 300,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'notBreaching',
    AlarmActions: [TOPIC],
    OKActions: [TOPIC],
  });
  assert.ok(AlarmDescription.startsWith('The queue dev-polo-dead-letters holds'));
});

const PACES: readonly [schedule: string, watch: [period: number, periods: number] | undefined][] = [
  ['rate(1 minute)', [300, 1]],
  ['rate(2 minutes)', [300, 2]],
  ['rate(90 minutes)', [5400, 3]],
  ['cron(0 3 * * ? *)', [86_400, 3]],
  ['rate(30 hours)', [86_400, 4]],
  ['rate(56 hours)', [86_400, 7]],
  ['rate(57 hours)', undefined],
  ['cron(0 3 ? * MON *)', undefined],
];
for (const [schedule, watch] of PACES) {
  test(`${schedule}: ${watch === undefined ? 'CloudWatch cannot watch it' : `${watch[1]} periods of ${watch[0]} seconds`}`, () => {
    const other = synthesize({ discoverySchedule: schedule });
    const [found] = other.all('AWS::CloudWatch::Alarm').filter(({ properties }) => properties.AlarmName === 'dev-polo-account-discovery-not-running');
    assert.deepEqual(found && [found.properties.Period, found.properties.EvaluationPeriods], watch);
    const total = found === undefined ? 0 : found.properties.Period * found.properties.EvaluationPeriods;
    assert.ok(total <= (found?.properties.Period < 3600 ? 86_400 : 604_800));
  });
}

test('every description ends with a link to a section of the runbook, wherever that is', () => {
  for (const [settings, address] of [[{}, 'infra/polo/RUNBOOK.md'], [{ runbookUrl: 'https://wiki.example.com/polo' }, 'https://wiki.example.com/polo']] as const) {
    for (const { properties } of synthesize(settings).all('AWS::CloudWatch::Alarm')) {
      const description: string = properties.AlarmDescription;
      assert.ok(RUNBOOK_SECTIONS.some((section) => description.endsWith(` What to do: ${address}#${section}`)), description);
      assert.ok(description.length <= 1024);
    }
  }
});

test('each linked section is in the runbook, and each section of the runbook is linked', () => {
  const linked = new Set(stack.all('AWS::CloudWatch::Alarm').map(({ properties }) => properties.AlarmDescription.split('#').at(-1)));
  const headings = [...readFileSync(RUNBOOK, 'utf8').matchAll(/^## (.+)$/gm)].map(([, heading = '']) => anchor(heading));
  assert.deepEqual(headings.sort(), [...linked].sort());
});

test('collectors have a section of their own', () => {
  const sectionOf = (id: string): string => alarm(`${id}-failed`).AlarmDescription.split('#').at(-1);
  assert.deepEqual([...CORE_FUNCTIONS, ...FIXTURE_COLLECTORS].map(sectionOf), [...CORE_FUNCTIONS.map(() => 'function-failed'), ...FIXTURE_COLLECTORS.map(() => 'collector-failed')]);
});

test("only CloudWatch publishes, for this environment's alarms, and nobody without TLS", () => {
  const data = synthesizeData();
  const [policy, ...others] = data.all('AWS::SNS::TopicPolicy');
  assert.ok(policy && others.length === 0);
  assert.deepEqual(policy.properties.Topics, [topicOf(data)]);
  const statements: Plain[] = policy.properties.PolicyDocument.Statement;
  const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
  const denied = statements.filter(({ Effect }) => Effect === 'Deny');
  assert.deepEqual(allowed, [
    {
      Sid: 'PublishAlarms',
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: topicOf(data),
      Condition: {
        StringEquals: { 'aws:SourceAccount': '${AWS::AccountId}' },
        ArnLike: { 'aws:SourceArn': 'arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:dev-polo-*' },
      },
    },
  ]);
  assert.deepEqual(denied.map(({ Sid: _, ...others }) => others), [
    { Effect: 'Deny', Principal: '*', Action: 'sns:Publish', Resource: topicOf(data), Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
  ]);
});

test('nobody gets mail unless a setting says who', () => {
  assert.deepEqual(synthesizeData().all('AWS::SNS::Subscription'), []);
  const other = synthesizeData({ alarmEmails: 'oncall@example.com,finops@example.com' });
  assert.deepEqual(
    other.all('AWS::SNS::Subscription').map(({ properties }) => properties),
    ['oncall@example.com', 'finops@example.com'].map((Endpoint) => ({ Protocol: 'email', Endpoint, TopicArn: topicOf(other) })),
  );
});

/** As GitHub makes it of a heading. */
function anchor(heading: string): string {
  return heading.trim().toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
}
