/**
 * What the documents in docs/ say of the templates, compared with the templates.
 * Invariant: all stacks are looked at, with everything switched on that adds a statement to a policy.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ASSUMPTIONS } from '../lib/cost/assumptions.ts';
import { type Deployment, estimate, people, table, trailEvents } from '../lib/cost/estimate.ts';
import { MANIFESTS } from './support/member-roles.ts';
import type { Plain } from './support/stack.ts';

const APP = join(import.meta.dirname, '..');
const doc = (name: string): string => readFileSync(join(APP, 'docs', name), 'utf8');

const EXAMPLE: Record<string, unknown> = JSON.parse(readFileSync(join(APP, 'settings/example.json'), 'utf8'));
/** What the example leaves out because it would replace what it has. */
const BESIDES = {
  extraPrincipalArns: ['arn:aws:iam::123456789012:user/port-ocean'],
  oidcProvider: 'token.actions.githubusercontent.com',
  oidcSubject: 'repo:acme/finops:ref:refs/heads/main',
  clickhouseSecretArn: 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:polo/clickhouse-AbCdEf',
  clickhouseSecretKeyArn: 'arn:aws:kms:eu-west-1:111111111111:key/0a1b2c3d',
  slackSecretArn: 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:polo/slack-AbCdEf',
  slackSecretKeyArn: 'arn:aws:kms:eu-west-1:111111111111:key/4e5f6a7b',
};

/** The templates of the app with these settings. */
function synthesized(settings: Record<string, unknown>): Plain[] {
  const folder = mkdtempSync(join(tmpdir(), 'polo-docs-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const env = { ...process.env, CDK_CONTEXT_JSON: JSON.stringify(settings), CDK_OUTDIR: folder };
  execFileSync('node', ['--import', 'tsx', 'bin/polo.ts'], { cwd: APP, env, stdio: 'pipe' });
  const files = readdirSync(folder).filter((file) => file.endsWith('.template.json'));
  return files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

/** The names of all statements within, those of the stack set's template included. */
function statements(value: Plain): string[] {
  if (typeof value === 'string') return value.startsWith('{"AWSTemplateFormatVersion"') ? statements(JSON.parse(value)) : [];
  if (typeof value !== 'object' || value === null) return [];
  const own = 'Effect' in value && 'Sid' in value ? [value.Sid] : [];
  return [...own, ...Object.values<Plain>(value).flatMap(statements)];
}

test('permissions.md explains every statement of every template, and no other', () => {
  const made = [...new Set(synthesized({ ...EXAMPLE, ...BESIDES }).flatMap(statements))].sort();
  const explained = [...doc('permissions.md').matchAll(/`([A-Z][A-Za-z]+)`/g)].map(([, word]) => word).filter((word) => word !== 'Sid');
  assert.deepEqual([...new Set(explained)].sort(), made);
});


test('cost.md has the tables that templates, manifests and assumptions give', () => {
  const templates = synthesized({ artifacts: 'stub', clickhouseUrl: 'https://clickhouse.example.com:8443', clickhouseUser: 'polo', slack: 'on', externalId: 'polo-4f1c2a' });
  const text = doc('cost.md');
  for (const accounts of [20, 1000]) {
    const deployment: Deployment = { templates, manifests: MANIFESTS, accounts };
    const expected = table(estimate(deployment, ASSUMPTIONS));
    assert.ok(text.includes(expected), `cost.md is out of date; for ${accounts} accounts it is\n${expected}`);
    const events = `${people(trailEvents(deployment, ASSUMPTIONS))} a month with ${accounts.toLocaleString('en-US')} accounts`;
    assert.ok(text.replace(/\s+/g, ' ').includes(events), `cost.md is out of date; of trails it is: ${events}`);
  }
});
