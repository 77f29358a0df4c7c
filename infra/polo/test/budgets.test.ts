/** What a collector's billed calls may cost: the manifest's cap, or the deployment's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadManifests } from '../lib/inputs/manifest.ts';
import { failsWith } from './support/failure.ts';
import { FIXTURES, synthesize } from './support/stack.ts';

const billing = { unit: 'request', usd_per_1000_units: '10.00', run_units_at_most: 300, day_usd_at_most: '3.00', source: 'https://aws.amazon.com/' };
const manifests = loadManifests(FIXTURES).map((manifest) => (manifest.id === 'config_ec2' ? { ...manifest, billing } : manifest));

test('a collector that is billed gets the budget of the deployment, and no other function does', () => {
  const stack = synthesize({ dayUsdAtMost: { config_ec2: '1.50' } }, manifests);
  const budgets = stack.all('AWS::Lambda::Function').flatMap(({ properties }) => {
    const budget = properties.Environment.Variables.POLO_DAY_USD_AT_MOST;
    return budget === undefined ? [] : [[properties.FunctionName, budget]];
  });
  assert.deepEqual(budgets, [['dev-polo-config_ec2', '1.50']]);
});

test('without the setting the cap of the manifest holds, which the function knows itself', () => {
  assert.doesNotMatch(synthesize({}, manifests).json, /POLO_DAY_USD_AT_MOST/);
});

test('a budget for a collector that is not billed, or does not exist, is refused', () => {
  for (const name of ['account_alias', 'costs']) {
    failsWith(
      () => synthesize({ dayUsdAtMost: { [name]: '1.50' } }, manifests),
      `a collector in dayUsdAtMost is "${name}": no collector of this name has calls that AWS bills; write one of config_ec2`,
    );
  }
});
