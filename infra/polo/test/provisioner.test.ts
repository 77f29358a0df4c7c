/** role-provisioner in the hub: there where provisioning is on, with its schedule, its alarms and its limits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../lib/settings/config.ts';
import { provisioningEnvironment } from '../lib/rights/provisioning.ts';
import { CORE_FUNCTIONS, FIXTURE_COLLECTORS, type SynthesizedStack, synthesize } from './support/stack.ts';

const ROLLOUT = { rolloutOus: 'r-ab12', externalId: 'polo-x', hubAccountId: '111111111111' };
const ON = { ...ROLLOUT, provisioning: 'on' };
const functions = (stack: SynthesizedStack): string[] => stack.all('AWS::Lambda::Function').map(({ properties }) => properties.FunctionName.replace('dev-polo-', '')).sort();
const alarms = (stack: SynthesizedStack): string[] => stack.all('AWS::CloudWatch::Alarm').map(({ properties }) => properties.AlarmName).filter((name) => name.includes('provisioner'));

test('without provisioning there is nothing of it', () => {
  const stack = synthesize(ROLLOUT);
  assert.deepEqual(functions(stack), [...CORE_FUNCTIONS, ...FIXTURE_COLLECTORS].sort());
  assert.ok(!stack.json.includes('provision'));
});

test('with it there is one function more, with its alarms', () => {
  const stack = synthesize(ON);
  assert.deepEqual(functions(stack), [...CORE_FUNCTIONS, ...FIXTURE_COLLECTORS, 'role-provisioner'].sort());
  assert.deepEqual(alarms(stack).sort(), ['dev-polo-role-provisioner-failed', 'dev-polo-role-provisioner-not-running']);
});

test('it looks every hour, or as a setting says', () => {
  for (const [settings, schedule] of [[ON, 'rate(1 hour)'], [{ ...ON, provisioningSchedule: 'rate(2 hours)' }, 'rate(2 hours)']] as const) {
    const stack = synthesize(settings);
    const { ScheduleExpression, Targets } = stack.rule('provisioning-tick').properties;
    assert.equal(ScheduleExpression, schedule);
    assert.equal(stack.functionNameOf(Targets[0].Arn), 'dev-polo-role-provisioner');
  }
});

test('it gets what serving the stack set takes, and no other function does', () => {
  const stack = synthesize(ON);
  const added = provisioningEnvironment(readConfig({ artifacts: 'stub', ...ON }));
  assert.deepEqual(Object.keys(added).sort(), ['POLO_ROLE_REGION', 'POLO_ROLLOUT_OUS', 'POLO_STACK_SET_NAME']);
  const variables = (id: string): Record<string, string> => stack.function(id).properties.Environment.Variables;
  assert.deepEqual(variables('role-provisioner'), { ...variables('status-page'), ...added });
  const serving = functions(stack).filter((id) => JSON.stringify(stack.role(id).properties).includes('StackInstances"'));
  assert.deepEqual(serving, ['access-verifier', 'role-provisioner']);
  const making = functions(stack).filter((id) => JSON.stringify(stack.role(id).properties).includes('CreateStackInstances'));
  assert.deepEqual(making, ['role-provisioner']);
});
