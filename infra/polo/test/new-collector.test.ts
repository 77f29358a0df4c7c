/** A collector is its folder: adding the folder adds function, role, rule and sweep, and changes nothing that was there. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadManifests } from '../lib/inputs/manifest.ts';
import { FIXTURES, synthesize } from './support/stack.ts';

const ONE_EACH: readonly string[] = ['AWS::Logs::LogGroup', 'AWS::IAM::Role', 'AWS::Lambda::Function', 'AWS::Lambda::EventInvokeConfig', 'AWS::CloudWatch::Alarm'];

test('a new folder is a new collector, with no line of code', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'polo-collectors-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(FIXTURES, folder, { recursive: true });
  mkdirSync(join(folder, 'log_groups'));
  writeFileSync(
    join(folder, 'log_groups/collector.json'),
    JSON.stringify({
      id: 'log_groups',
      description: 'CloudWatch log groups',
      schedule: 'hourly',
      scope: 'region',
      period_hours: 1,
      freshness_hours: 2,
      memory_mb: 192,
      timeout_s: 300,
      read_actions: ['logs:DescribeLogGroups'],
      tables: ['log_groups'],
    }),
  );
  const before = synthesize();
  const after = synthesize({}, loadManifests(folder));

  const { properties } = after.function('log_groups');
  assert.deepEqual([properties.MemorySize, properties.Timeout], [192, 300]);
  assert.equal(properties.Role, `<${after.role('log_groups').logicalId}.Arn>`);
  const rule = after.rule('collect-log_groups').properties;
  assert.deepEqual(rule.EventPattern.detail, { collector: ['log_groups'] });
  assert.equal(after.functionNameOf(rule.Targets[0].Arn), 'dev-polo-log_groups');
  assert.equal(after.rule('hourly-sweep').properties.ScheduleExpression, 'cron(10 * * * ? *)');

  for (const type of before.types()) {
    const added = after.all(type).filter(({ logicalId }) => !before.all(type).some((known) => known.logicalId === logicalId));
    const kept = after.all(type).filter((resource) => !added.includes(resource));
    assert.deepEqual(kept, before.all(type), `${type}: what was there stays as it was`);
    const expected = ONE_EACH.includes(type) ? 1 : type === 'AWS::Events::Rule' || type === 'AWS::Lambda::Permission' ? 2 : 0;
    assert.equal(added.length, expected, type);
  }
});
