/** The schema: what calls schema-migrator, and that no other function is deployed before it has answered. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { migrationsDigest } from '../lib/inputs/migrations.ts';
import { failsWith } from './support/failure.ts';
import { type Plain, type Resource, type SynthesizedStack, synthesize } from './support/stack.ts';

const stack = synthesize();

function schemaOf(of: SynthesizedStack): Resource {
  const [schema, ...others] = of.all('Custom::PoloSchema');
  assert.ok(schema && others.length === 0);
  return schema;
}

test('schema-migrator is called with what the schema is made of, and has longer to answer than it runs', () => {
  const migrator = stack.function('schema-migrator');
  assert.deepEqual(schemaOf(stack).properties, { ServiceToken: `<${migrator.logicalId}.Arn>`, ServiceTimeout: '1200', Migrations: migrationsDigest() });
  assert.equal(migrator.properties.Timeout, 900);
});

test('another database, address or cluster calls it too', () => {
  const settings = { clickhouseUrl: 'https://clickhouse.example.com', clickhouseDatabase: 'polo_dev', clickhouseCluster: 'main' };
  const { ServiceToken: _, ServiceTimeout: __, ...properties } = schemaOf(synthesize(settings)).properties;
  assert.deepEqual(properties, { Migrations: migrationsDigest(), Url: 'https://clickhouse.example.com', Database: 'polo_dev', Cluster: 'main' });
});

test('another retention calls it too', () => {
  const settings = { runRetentionDays: '60', historyRetentionDays: 730, goneRetentionDays: 200, adoptedHistory: 'expire' };
  const { ServiceToken: _, ServiceTimeout: __, ...properties } = schemaOf(synthesize(settings)).properties;
  assert.deepEqual(properties, {
    Migrations: migrationsDigest(), RunRetentionDays: 60, HistoryRetentionDays: 730, GoneRetentionDays: 200, AdoptedHistory: 'expire',
  });
});

test('every other function waits for it, and it waits for none', () => {
  const { logicalId } = schemaOf(stack);
  const functions = stack.all('AWS::Lambda::Function');
  const waiting = functions.filter(({ rest }: Plain) => [rest.DependsOn].flat().includes(logicalId)).map(({ properties }) => properties.FunctionName);
  const others = functions.map(({ properties }) => properties.FunctionName).filter((name) => name !== 'dev-polo-schema-migrator');
  assert.deepEqual(waiting.sort(), others.sort());
  assert.ok(others.length > 0);
});

test('nothing but CloudFormation sets it off: no rule has it as its target', () => {
  const targets = stack.all('AWS::Events::Rule').flatMap(({ properties }) => properties.Targets.map(({ Arn }: Plain) => stack.functionNameOf(Arn)));
  assert.ok(targets.length > 0 && !targets.includes('dev-polo-schema-migrator'));
});

/** Migrations of the store and of a collector, in a folder of their own. */
function crates(t: TestContext, lineEnd = '\n'): string {
  const folder = mkdtempSync(join(tmpdir(), 'polo-migrations-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const owner of ['lib/store', 'collectors/cost', 'collectors/tags', 'collectors/without']) mkdirSync(join(folder, owner, 'migrations'), { recursive: true });
  rmSync(join(folder, 'collectors/without/migrations'), { recursive: true });
  writeFileSync(join(folder, 'lib/store/migrations/0001_a.sql'), ['CREATE TABLE a', '(x UInt8)', ''].join(lineEnd));
  writeFileSync(join(folder, 'collectors/cost/migrations/0001_b.sql'), 'CREATE TABLE b');
  return folder;
}

test("the digest follows the migrations' text, names and owners and the collectors' manifests, and nothing else", (t) => {
  const first = migrationsDigest(crates(t));
  assert.match(first, /^[0-9a-f]{64}$/);
  assert.equal(migrationsDigest(crates(t)), first, 'the same everywhere');
  assert.equal(migrationsDigest(crates(t, '\r\n')), first, 'whatever the line ends');

  const changes: Record<string, (folder: string) => void> = {
    'another text': (folder) => writeFileSync(join(folder, 'collectors/cost/migrations/0001_b.sql'), 'CREATE TABLE c'),
    'one more': (folder) => writeFileSync(join(folder, 'lib/store/migrations/0002_c.sql'), 'CREATE TABLE c'),
    'a collector': (folder) => writeFileSync(join(folder, 'collectors/without/collector.json'), '{}'),
    'another name': (folder) => {
      cpSync(join(folder, 'lib/store/migrations/0001_a.sql'), join(folder, 'lib/store/migrations/0002_a.sql'));
      rmSync(join(folder, 'lib/store/migrations/0001_a.sql'));
    },
    'another owner': (folder) => {
      cpSync(join(folder, 'collectors/cost/migrations/0001_b.sql'), join(folder, 'collectors/tags/migrations/0001_b.sql'));
      rmSync(join(folder, 'collectors/cost/migrations/0001_b.sql'));
    },
  };
  for (const [change, make] of Object.entries(changes)) {
    const folder = crates(t);
    make(folder);
    assert.notEqual(migrationsDigest(folder), first, change);
  }
  const folder = crates(t);
  writeFileSync(join(folder, 'lib/store/migrations/README.md'), 'no migration');
  assert.equal(migrationsDigest(folder), first, 'what is no migration');
});

test('the digest of these files is the one that schema-migrator makes of them', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'polo-migrations-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const part of ['lib/store/migrations', 'collectors/c']) mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'lib/store/migrations/0001_a.sql'), 'SELECT \'ö\' "x"\t\\\u0001\r\nFROM b\n');
  writeFileSync(join(folder, 'collectors/c/collector.json'), '{}\n');
  // The test of crates/lib/store/src/migrations/digest.rs has the same files and the same value.
  assert.equal(migrationsDigest(folder), 'b170e3155498a8557a4f68d7639e73d060040646c8bd81001fcea81cd8e99ea0');
});

test('without migrations nothing is synthesized', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'polo-migrations-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  failsWith(() => migrationsDigest(folder), `${folder} has no migrations: run this app inside the whole repository`);
});
