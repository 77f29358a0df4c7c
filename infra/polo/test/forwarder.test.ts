/** The way of account events to the hub: what is forwarded, by whom, and whom the hub's bus lets in. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readConfig } from '../lib/settings/config.ts';
import { ForwarderStack } from '../lib/stacks/forwarder-stack.ts';
import { ACCOUNT_CHANGES, OTHER_EVENTS } from './support/account-events.ts';
import { matches } from './support/event-bridge.ts';
import { ELSEWHERE, HUB } from './support/member-roles.ts';
import { type Row, edit, judge } from './support/simulation.ts';
import { type Plain, SynthesizedStack, synthesize } from './support/stack.ts';

const MANAGEMENT = '111122223333';

function synthesized(): SynthesizedStack {
  const outdir = mkdtempSync(join(tmpdir(), 'polo-infra-'));
  try {
    const app = new App({ outdir, analyticsReporting: false, autoSynth: false, builtinCloudFormationValidation: false });
    const config = readConfig({ stacks: 'forwarder', hubAccountId: HUB, hubRegion: 'eu-west-1' });
    return new SynthesizedStack(Template.fromStack(new ForwarderStack(app, config)).toJSON());
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

const stack = synthesized();
const [rule] = stack.all('AWS::Events::Rule');
const [role] = stack.all('AWS::IAM::Role');
const bus = (env: string, account = HUB, region = 'eu-west-1'): string => `arn:aws:events:${region}:${account}:event-bus/${env}-polo`;
const forwardedBy = (name: string, account = MANAGEMENT): string => `arn:aws:events:us-east-1:${account}:rule/${name}`;

/** As deployed to us-east-1 of the management account; the bus's policy as deployed to the hub. */
function deployed(policy: Plain, account = MANAGEMENT, region = 'us-east-1'): Plain {
  return JSON.parse(JSON.stringify(policy).replaceAll('${AWS::Partition}', 'aws').replaceAll('${AWS::AccountId}', account).replaceAll('${AWS::Region}', region));
}

test('one rule on the default bus, with one target: the bus of the hub', () => {
  assert.deepEqual(stack.types(), ['AWS::Events::Rule', 'AWS::IAM::Role']);
  assert.ok(rule && role);
  const { Name, State, EventBusName, Targets } = rule.properties;
  assert.deepEqual([Name, State, EventBusName], ['dev-polo-forward-account-changes', 'ENABLED', undefined]);
  assert.deepEqual(Targets.map(({ Id: _, ...target }: Plain) => target), [
    { Arn: `arn:\${AWS::Partition}:events:eu-west-1:${HUB}:event-bus/dev-polo`, RoleArn: `<${role.logicalId}.Arn>` },
  ]);
  assert.equal(role.properties.RoleName, undefined, 'a name would be taken in the second region');
});

test('it needs no bootstrapped account', () => assert.ok(!stack.json.includes('BootstrapVersion')));

for (const event of ACCOUNT_CHANGES) {
  test(`forwarded: ${event.detail.eventName}, ${event['detail-type']}`, () => assert.ok(matches(rule?.properties.EventPattern, event)));
}
for (const event of OTHER_EVENTS) {
  test(`not forwarded: ${event.source}, ${event['detail-type']}, ${event.detail.eventName}`, () => assert.ok(!matches(rule?.properties.EventPattern, event)));
}

test('a hub in the management account admits its own account where it forwards from another region, and otherwise nobody', () => {
  const admitted = (settings: Record<string, unknown>): Plain[] => synthesize(settings).all('AWS::Events::EventBusPolicy').map(({ properties }) => properties.Statement.Principal.AWS);
  assert.deepEqual(admitted({ hubAccountId: HUB, hubRegion: 'eu-west-1' }), [`arn:\${AWS::Partition}:iam::${HUB}:root`]);
  assert.deepEqual(admitted({ hubAccountId: HUB }), []);
});

test("the hub's rule takes what is forwarded, and nothing else is forwarded", () => {
  assert.deepEqual(rule?.properties.EventPattern, synthesize().rule('account-changes').properties.EventPattern);
});

const RIGHTS = deployed(role?.properties.Policies[0].PolicyDocument);
const TRUST = deployed(role?.properties.AssumeRolePolicyDocument);
TRUST.Statement[0].Sid = 'Trust';
const putting = { principal: `arn:aws:iam::${MANAGEMENT}:role/dev-polo-forwarder-Role`, action: 'events:PutEvents' };
const hubPolicy = (): Plain => {
  const [policy] = synthesize({ managementAccountId: MANAGEMENT }).all('AWS::Events::EventBusPolicy');
  const text = JSON.stringify(policy?.properties.Statement).replaceAll(/<Bus\w*\.Arn>/g, bus('dev'));
  return { Version: '2012-10-17', Statement: [deployed(JSON.parse(text), HUB, 'eu-west-1')] };
};
const POLICIES = { identity: { Rights: RIGHTS }, trust: hubPolicy() };

const ROWS: readonly Row[] = [
  {
    name: "the forwarder puts events on the hub's bus",
    expected: 'allowed',
    policies: POLICIES,
    request: { ...putting, resource: bus('dev'), account: HUB },
    edits: { 'not granted': edit.drop('ForwardToHub'), 'not let in': edit.drop('TakeFromManagementAccount') },
  },
  {
    name: "the forwarder puts events on another environment's bus",
    expected: 'denied',
    policies: { ...POLICIES, trust: { Version: '2012-10-17', Statement: [{ ...hubPolicy().Statement[0], Resource: bus('prod') }] } },
    request: { ...putting, resource: bus('prod'), account: HUB },
    edits: { 'any bus': edit.set('ForwardToHub', 'Resource', '*') },
  },
  {
    name: "another account puts events on the hub's bus",
    expected: 'denied',
    policies: POLICIES,
    request: { ...putting, principal: `arn:aws:iam::${ELSEWHERE}:role/dev-polo-forwarder-Role`, resource: bus('dev'), account: HUB },
    edits: { anybody: edit.set('TakeFromManagementAccount', 'Principal', '*') },
  },
  {
    name: "the management account changes the rules on the hub's bus",
    expected: 'denied',
    policies: { ...POLICIES, identity: { Rights: { Version: '2012-10-17', Statement: [{ Sid: 'All', Effect: 'Allow', Action: 'events:*', Resource: '*' }] } } },
    request: { ...putting, action: 'events:PutRule', resource: `arn:aws:events:eu-west-1:${HUB}:rule/dev-polo/x`, account: HUB },
    edits: { 'any action': (policies) => Object.assign(policies.trust?.Statement[0], { Action: 'events:*', Resource: '*' }) },
  },
];
for (const row of ROWS) test(`${row.name}: ${row.expected}`, () => judge(row));

test('only EventBridge takes the role, and only for this rule of this account', () => {
  assert.deepEqual(TRUST.Statement, [
    {
      Sid: 'Trust',
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'aws:SourceAccount': MANAGEMENT }, ArnEquals: { 'aws:SourceArn': forwardedBy('dev-polo-forward-account-changes') } },
    },
  ]);
});

test("the hub's bus lets nobody in unless a setting names the management account", () => {
  assert.deepEqual(synthesize().all('AWS::Events::EventBusPolicy'), []);
});
