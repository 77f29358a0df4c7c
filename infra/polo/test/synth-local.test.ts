/** `npm run synth:local` as the local stack uses it, run in a copy of the app so that no cdk.out in use is touched. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FIXTURES, type Plain, SynthesizedStack } from './support/stack.ts';

const APP_FOLDER = join(import.meta.dirname, '..');
const MIGRATIONS = join(APP_FOLDER, '../../crates/lib/store/migrations');
const APP_PARTS = ['bin', 'lib', 'stub', 'cdk.json', 'package.json'];

/** The app in a folder of its own, whose cdk.out has what earlier synthesis left. */
function copyOfApp(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'polo-synth-local-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const app = join(root, 'infra/polo');
  for (const part of APP_PARTS) cpSync(join(APP_FOLDER, part), join(app, part), { recursive: true });
  symlinkSync(join(APP_FOLDER, 'node_modules'), join(app, 'node_modules'));
  cpSync(FIXTURES, join(root, 'crates/collectors'), { recursive: true });
  cpSync(join(APP_FOLDER, '../roles'), join(root, 'infra/roles'), { recursive: true });
  cpSync(MIGRATIONS, join(root, 'crates/lib/store/migrations'), { recursive: true });
  mkdirSync(join(app, 'cdk.out/asset.old'), { recursive: true });
  for (const env of ['prod', 'dev']) writeFileSync(join(app, `cdk.out/${env}-polo.template.json`), '{"Resources":{}}');
  return app;
}

function synthLocal(app: string): { status: number | null; stderr: string } {
  // Settings of another synthesis may be around. CDK's check of the template is slow, and app.test.ts has it.
  const around = { CDK_OUTDIR: join(app, 'elsewhere'), CDK_CONTEXT_JSON: '{"env":"prod"}', CDK_VALIDATION: 'false' };
  const { status, stderr } = spawnSync('npm', ['run', '--silent', 'synth:local'], { cwd: app, encoding: 'utf8', env: { ...process.env, ...around } });
  return { status, stderr };
}

test('synth:local leaves the templates of the local stack, and in a folder of its own that of the member roles', (t) => {
  const app = copyOfApp(t);
  const { status, stderr } = synthLocal(app);
  assert.equal(status, 0, stderr);
  const written = readdirSync(join(app, 'cdk.out'));
  assert.deepEqual(written.filter((name) => name.endsWith('.template.json')), ['dev-polo-data.template.json', 'dev-polo.template.json']);
  assert.deepEqual(readdirSync(join(app, 'cdk.out/member-roles')), ['dev-polo-member-roles.template.json']);
  assert.ok(!written.includes('asset.old'));
  assert.ok(!readdirSync(app).includes('elsewhere'));

  const stack = new SynthesizedStack(JSON.parse(readFileSync(join(app, 'cdk.out/dev-polo.template.json'), 'utf8')));
  assert.equal(stack.function('access-verifier').properties.Environment.Variables.POLO_STACK_SET_NAME, 'polo-roles');
  // The engine has no users, and the local AWS no secrets.
  for (const { properties } of stack.all('AWS::Lambda::Function')) assert.ok(!('CLICKHOUSE_PASSWORD_SECRET_ID' in properties.Environment.Variables));
  for (const id of ['account-discovery', 'access-verifier', 'config_ec2']) {
    const statements: Plain[] = stack.role(id).properties.Policies[0].PolicyDocument.Statement;
    assert.deepEqual(
      statements.find(({ Sid }) => Sid === 'AssumeReadRoles').Resource,
      ['arn:${AWS::Partition}:iam::*:role/dev-PoloReadRole', 'arn:aws:iam::*:role/platform/finops/*'],
      id,
    );
  }
});

test('a synth:local that fails leaves no template of an earlier one', (t) => {
  const app = copyOfApp(t);
  writeFileSync(join(app, '../../crates/collectors/config_ec2/collector.json'), '{}');
  const { status, stderr } = synthLocal(app);
  assert.equal(status, 1);
  assert.match(stderr, /config_ec2\/collector\.json: id is missing/);
  assert.deepEqual(readdirSync(join(app, 'cdk.out')), []);
});
