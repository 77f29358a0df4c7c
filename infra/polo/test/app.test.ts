/** The app as it is started, without the CLI: the repository's own collectors, the files it writes, and how it refuses. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadManifests } from '../lib/inputs/manifest.ts';
import { EXTERNAL_ID, HUB, MANIFESTS, settled } from './support/member-roles.ts';
import { type Plain, SynthesizedStack } from './support/stack.ts';

const APP_FOLDER = join(import.meta.dirname, '..');
const COLLECTORS = join(APP_FOLDER, '../../crates/collectors');

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly outdir: string;
}

function run(t: TestContext, context: Record<string, unknown>, variables: Record<string, string> = {}): Outcome {
  const folder = mkdtempSync(join(tmpdir(), 'polo-app-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const outdir = join(folder, 'out');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'bin/polo.ts'], {
    cwd: APP_FOLDER,
    encoding: 'utf8',
    env: { ...process.env, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(context), ...variables },
  });
  return { status, stdout, stderr, outdir };
}

test("the repository's own collectors are deployed as their manifests say", (t) => {
  const { status, stderr, outdir } = run(t, {
    artifacts: 'stub',
    env: 'ci',
    slack: 'on',
    statusPageReaders: 'arn:aws:iam::111111111111:role/finops',
    actionRole: 'on',
    extraReadRoleArns: 'arn:aws:iam::*:role/platform/finops/*',
    stackSetName: 'polo-roles',
    hubOrganizationId: 'o-a1b2c3d4e5',
    managementAccountId: '111122223333',
    alarmEmails: 'oncall@example.com',
  });
  // Also empty of what CDK's own check of the template would find.
  assert.equal(stderr, '');
  assert.equal(status, 0);
  const stack = new SynthesizedStack(JSON.parse(readFileSync(join(outdir, 'ci-polo.template.json'), 'utf8')));
  const manifests = loadManifests(COLLECTORS);
  const ids = manifests.map(({ id }) => id);
  for (const expected of ['account_alias', 'config_ec2']) assert.ok(ids.includes(expected), expected);
  for (const manifest of manifests) {
    const { MemorySize, Timeout } = stack.function(manifest.id, 'ci').properties;
    assert.deepEqual([MemorySize, Timeout], [manifest.memory_mb, manifest.timeout_s]);
    const { Targets } = stack.rule(`collect-${manifest.id}`, 'ci').properties;
    assert.equal(stack.functionNameOf(Targets[0].Arn), `ci-polo-${manifest.id}`);
    stack.rule(`${manifest.schedule}-sweep`, 'ci');
  }
  assert.ok(!stack.types().includes('AWS::CDK::Metadata'), 'no usage reporting');
});

test('in the management account the rollout is synthesized alone, with its own settings only', (t) => {
  const { status, stderr, outdir } = run(t, { stacks: 'roles', env: 'ci', hubAccountId: HUB, externalId: EXTERNAL_ID, rolloutOus: 'r-ab12' });
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.deepEqual(readdirSync(outdir).filter((name) => name.endsWith('.template.json')), ['ci-polo-roles.template.json']);
  const stack = new SynthesizedStack(JSON.parse(readFileSync(join(outdir, 'ci-polo-roles.template.json'), 'utf8')));
  const [stackSet] = stack.all('AWS::CloudFormation::StackSet');
  const { TemplateBody, Parameters } = stackSet?.properties;
  const inner: Plain = JSON.parse(TemplateBody);

  // For a plain stack: the same template, whose parameters have their values.
  const plain: Plain = JSON.parse(readFileSync(join(outdir, 'member-roles/ci-polo-member-roles.template.json'), 'utf8'));
  const given = Object.fromEntries(Parameters.map(({ ParameterKey, ParameterValue }: Plain) => [ParameterKey, ParameterValue]));
  assert.deepEqual({ ...plain, Parameters: inner.Parameters }, inner);
  assert.deepEqual(settled({}, plain), settled(given, inner));
});

test('in the management account the forwarder is synthesized alone, with its own settings only', (t) => {
  const { status, stderr, outdir } = run(t, { stacks: 'forwarder', env: 'ci', hubAccountId: HUB, hubRegion: 'eu-west-1' });
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.deepEqual(readdirSync(outdir).filter((name) => name.endsWith('.template.json')), ['ci-polo-forwarder.template.json']);
});

test('the template for a plain stack is there in every synthesis, and asks for what no setting says', (t) => {
  const { status, stderr, outdir } = run(t, { artifacts: 'stub', env: 'ci' });
  assert.equal(status, 0, stderr);
  assert.deepEqual(readdirSync(outdir).filter((name) => name.endsWith('.template.json')), ['ci-polo-data.template.json', 'ci-polo.template.json']);
  const { Parameters } = JSON.parse(readFileSync(join(outdir, 'member-roles/ci-polo-member-roles.template.json'), 'utf8'));
  assert.deepEqual(Object.keys(Parameters).filter((name) => !('Default' in Parameters[name])), ['HubAccountId', 'ExternalId']);
  assert.equal(Parameters.ReadRoleTrustedNames.Default.split(',').length, 2 + MANIFESTS.length);
});

test('the example settings give every stack, each within what CloudFormation takes, and the functions after what they need', (t) => {
  const { status, stderr, outdir } = run(t, {}, { POLO_SETTINGS: 'settings/example.json' });
  assert.equal(stderr, '');
  assert.equal(status, 0);
  const templates = readdirSync(outdir).filter((name) => name.endsWith('.template.json'));
  assert.deepEqual(templates, ['data', 'forwarder', 'page', 'roles'].map((part) => `example-polo-${part}.template.json`).concat('example-polo.template.json'));
  for (const name of templates) {
    const text = readFileSync(join(outdir, name), 'utf8');
    assert.ok(Buffer.byteLength(text) <= 1_000_000, name);
    assert.ok(Object.keys(JSON.parse(text).Resources).length <= 500, name);
  }
  const { artifacts } = JSON.parse(readFileSync(join(outdir, 'manifest.json'), 'utf8'));
  const stacksBefore = (name: string): string[] => artifacts[name].dependencies.filter((other: string) => artifacts[other].type === 'aws:cloudformation:stack');
  assert.deepEqual(stacksBefore('example-polo'), ['example-polo-data']);
  assert.deepEqual(stacksBefore('example-polo-page'), ['example-polo']);
  // The command line refuses other credentials for the hub's stacks; the others are deployed wherever they belong.
  const hub = 'aws://111111111111/eu-west-1';
  const anywhere = 'aws://unknown-account/unknown-region';
  const environments = ['-data', '', '-page', '-roles', '-forwarder'].map((part) => artifacts[`example-polo${part}`].environment);
  assert.deepEqual(environments, [hub, hub, hub, anywhere, anywhere]);
});

test('the command line wins over the settings file', (t) => {
  const { status, stderr, outdir } = run(t, { env: 'ci', stacks: 'hub' }, { POLO_SETTINGS: 'settings/example.json', CDK_VALIDATION: 'false' });
  assert.equal(status, 0, stderr);
  assert.deepEqual(readdirSync(outdir).filter((name) => name.endsWith('.template.json')), ['ci-polo-data.template.json', 'ci-polo.template.json']);
});

test('a settings file that is not there is one line, exit code 1, and no template', (t) => {
  const { status, stdout, stderr, outdir } = run(t, {}, { POLO_SETTINGS: 'nowhere.json' });
  assert.equal(stderr, 'the settings file "nowhere.json" cannot be read (ENOENT): name a file with a JSON object of settings\n');
  assert.deepEqual([stdout, status], ['', 1]);
  assert.ok(!existsSync(outdir));
});

test('a wrong setting is one line, exit code 1, and no template', (t) => {
  const { status, stdout, stderr, outdir } = run(t, { artifacts: 'stub', discoverySchedule: 'rate(1 hours)' });
  assert.equal(stderr, 'discoverySchedule is "rate(1 hours)": EventBridge wants the singular for 1: write rate(1 hour)\n');
  assert.equal(stdout, '');
  assert.equal(status, 1);
  assert.ok(!existsSync(outdir));
});
