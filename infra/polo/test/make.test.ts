/**
 * The Makefile's targets that this app is behind, and what people give them: wrong values, blanks, and the shell's own characters.
 * Invariant: nothing is installed (`-o` and MAKE=true leave that out), built or deployed; what would be started is a stand-in.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

const CHECKOUT = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'polo make '));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Shows each argument in brackets. */
const SHOW = `printf '[%s]'`;

/** Set if this test runs under make itself, and by whoever synthesized before. */
const OF_AN_OUTER_MAKE = ['MAKEFLAGS', 'MFLAGS', 'MAKELEVEL', 'MAKEOVERRIDES', 'ACCOUNTS', 'ARCH', 'ONCE', 'OUT', 'SCHEDULE', 'SETTINGS', 'STACKS', 'CDK_CONTEXT_JSON'];

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function make(...args: string[]): Promise<Outcome> {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OF_AN_OUTER_MAKE.includes(name)));
  const stamps = ['infra/polo/node_modules/.stamp', 'up'].flatMap((file) => ['-o', file]);
  const child = spawn('make', [...stamps, 'MAKE=true', ...args], { cwd: CHECKOUT, env: { ...environment, CDK_VALIDATION: 'false' } });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (chunk: string) => (text[name] += chunk));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, ...text };
}

function put(path: string, content: string): string {
  writeFileSync(join(folder, path), content);
  return join(folder, path);
}

const ROLES = { stacks: 'roles', env: 'ci', hubAccountId: '111111111111', externalId: 'polo-x', rolloutOus: 'r-ab12' };
const settings = put('my settings.json', JSON.stringify(ROLES));
const twice = put('twice.json', '{"env": "ci",\n"env": "prod"}');
const mine = join(folder, 'my app');
mkdirSync(mine);
put('my app/manifest.json', '{"name": "my web app"}');
put('my app/thesis.txt', 'precious');
const fresh = join(folder, 'not there/out');

/** The sentence is the whole of the first line; make adds a second that names the target. */
const REFUSED: readonly [args: string[], sentence: string][] = [
  [['fire'], 'SCHEDULE is missing: name the schedule, like make fire SCHEDULE=daily-sweep'],
  [['fire', 'SCHEDULE='], 'SCHEDULE is missing: name the schedule, like make fire SCHEDULE=daily-sweep'],
  ...['arm', 'x86_64 arm64', '"; echo hi; "', '%s'].map((arch): [string[], string] => [['build', `ARCH=${arch}`], `ARCH is "${arch}": write x86_64 or arm64`]),
  [['cost'], 'ACCOUNTS is missing: say for how many accounts, like make cost ACCOUNTS=250'],
  [['cost', 'ACCOUNTS='], 'ACCOUNTS is missing: say for how many accounts, like make cost ACCOUNTS=250'],
  [['cost', 'ACCOUNTS=1; echo hi'], 'the number of accounts (ACCOUNTS) is "1; echo hi": write a whole number from 1 to 999999, such as 250'],
  [['deploy'], 'SETTINGS is missing: name your settings, like make deploy SETTINGS=prod.json'],
  [
    ['deploy', 'SETTINGS=infra/polo/settings/example.json', `OUT=${fresh}`],
    'artifacts is "stub", which does nothing and is not for deployment: leave artifacts out, and build the functions with make build',
  ],
  [['synth', `SETTINGS=${twice}`, `OUT=${fresh}`], `the settings file ${JSON.stringify(twice)} has "env" twice (the second at line 2, column 1): correct the file`],
  [['synth', `OUT=${mine}`], `the output folder (OUT) is ${JSON.stringify(mine)}: it holds "manifest.json", which synthesis did not write; name a new or empty folder`],
];

describe('refused', { concurrency: 2 }, () => {
  for (const [args, sentence] of REFUSED) {
    test(`make ${args.join(' ').replaceAll(folder, '…')}`, async () => {
      const { status, stdout, stderr } = await make(...args);
      const [first, second = '', ...rest] = stderr.trimEnd().split('\n');
      assert.equal(first, sentence);
      assert.match(second, /^make: \*\*\* \[Makefile:\d+: \w+\] Error [12]$/);
      assert.deepEqual([status, stdout, rest], [2, '', []]);
    });
  }
});

test('what is refused writes and deletes nothing', () => {
  assert.ok(!existsSync(join(folder, 'not there')));
  assert.deepEqual(readdirSync(mine), ['manifest.json', 'thesis.txt']);
});

test('a schedule is one argument, whatever is in it', async () => {
  for (const schedule of ['daily-sweep', 'x; echo hi', '`echo hi`', '* "', '--help']) {
    const { status, stdout } = await make('fire', `SCHEDULE=${schedule}`, `STACK=${SHOW}`);
    assert.deepEqual([status, stdout], [0, `[fire][--][${schedule}]`]);
  }
});

test('only ONCE=1 is once', async () => {
  for (const [once, shown] of [['ONCE=1', '[run][--once]'], ['ONCE=0', '[run]'], ['ONCE=', '[run]']] as const) {
    assert.equal((await make('run', once, `STACK=${SHOW}`)).stdout, shown);
  }
});

test('paths with blanks are synthesized into, deployed from, and replaced by what other settings give', async () => {
  const out = join(folder, 'my templates/of roles');
  const deployed = await make('deploy', `SETTINGS=${settings}`, `OUT=${out}`, 'STACKS=ci-polo-roles *', `CDK=${SHOW}`);
  assert.equal(deployed.stderr, '');
  assert.equal(deployed.stdout, [`${out}/ci-polo-roles.template.json`, `${out}/member-roles/ci-polo-member-roles.template.json`, `[deploy][--no-notices][--app][${out}][ci-polo-roles][*]`].join('\n'));

  const forwarder = put('forwarder.json', JSON.stringify({ stacks: 'forwarder', env: 'ci', hubAccountId: '111111111111', hubRegion: 'eu-west-1' }));
  const { status, stderr } = await make('synth', `SETTINGS=${forwarder}`, `OUT=${out}`);
  assert.equal(status, 0, stderr);
  assert.deepEqual(readdirSync(out).filter((name) => name.endsWith('.template.json')), ['ci-polo-forwarder.template.json']);

  const earlier = readFileSync(join(out, 'manifest.json'), 'utf8');
  assert.equal((await make('synth', `SETTINGS=${twice}`, `OUT=${out}`)).status, 2);
  assert.equal(readFileSync(join(out, 'manifest.json'), 'utf8'), earlier);
  assert.deepEqual(readdirSync(join(out, '..')), ['of roles']);
});

test('the cost is that of a file of settings with a blank in its path', async () => {
  const { status, stdout, stderr } = await make('cost', 'ACCOUNTS=250', `SETTINGS=${settings}`);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /\*\*Together\*\*/);
});
