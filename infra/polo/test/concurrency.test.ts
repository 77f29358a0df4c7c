/** Reserved concurrency: none by default, and where a setting gives it only to functions that there are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from './support/failure.ts';
import { synthesize } from './support/stack.ts';

test('only the functions that the setting names have a number', () => {
  const stack = synthesize({ reservedConcurrency: '{"config_ec2":20,"status-page":1}' });
  const reserved = Object.fromEntries(stack.all('AWS::Lambda::Function').map(({ properties }) => [properties.FunctionName, properties.ReservedConcurrentExecutions]).filter(([, number]) => number !== undefined));
  assert.deepEqual(reserved, { 'dev-polo-config_ec2': 20, 'dev-polo-status-page': 1 });
});

const FIX = 'write an object from function to a whole number of at least 1, such as {"config_ec2":20}';
const KNOWN = 'access-verifier, account-discovery, account_alias, collection-dispatcher, config_ec2, coverage-notifier, schema-migrator, status-page';
const REFUSED: readonly [value: unknown, sentence: string][] = [
  [{ config_ec2: 0 }, `reservedConcurrency.config_ec2 is 0: ${FIX}`],
  [{ config_ec2: '20' }, `reservedConcurrency.config_ec2 is "20": ${FIX}`],
  [{ config_ec2: 1.5 }, `reservedConcurrency.config_ec2 is 1.5: ${FIX}`],
  [20, `reservedConcurrency is 20: ${FIX}`],
  [['config_ec2'], `reservedConcurrency is ["config_ec2"]: ${FIX}`],
  ['{config_ec2}', `reservedConcurrency is "{config_ec2}": it is not JSON (invalid symbol at line 1, column 2); ${FIX}`],
  [{ 'dev-polo-config_ec2': 20 }, 'a function in reservedConcurrency is "dev-polo-config_ec2": did you mean config_ec2?'],
  [{ 'role-provisioner': 1 }, `a function in reservedConcurrency is "role-provisioner": write one of ${KNOWN}`],
  [{ status_page: 1 }, 'a function in reservedConcurrency is "status_page": did you mean status-page?'],
];
for (const [reservedConcurrency, sentence] of REFUSED) {
  test(`refused: ${sentence}`, () => failsWith(() => synthesize({ reservedConcurrency }), sentence));
}
