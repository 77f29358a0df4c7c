/** What outlives the functions: which resources, that none goes with its stack, and that the two stacks meet by name alone. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { readConfig } from '../lib/settings/config.ts';
import { DataStack } from '../lib/stacks/data-stack.ts';
import { synthesize, synthesizeData } from './support/stack.ts';

const SETTINGS = { slack: 'on', alarmEmails: 'oncall@example.com' };

test('the stack holds these kinds of resources and no others', () => {
  assert.deepEqual(synthesizeData(SETTINGS).types(), [
    'AWS::SNS::Subscription',
    'AWS::SNS::Topic',
    'AWS::SNS::TopicPolicy',
    'AWS::SQS::Queue',
    'AWS::SQS::QueuePolicy',
    'AWS::SecretsManager::Secret',
  ]);
});

test('what people would miss is kept where its stack is deleted, and not where it could not be made', () => {
  const data = synthesizeData(SETTINGS);
  for (const type of ['AWS::SNS::Topic', 'AWS::SQS::Queue', 'AWS::SecretsManager::Secret']) {
    for (const { rest } of data.all(type)) assert.deepEqual(rest, { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' }, type);
  }
});

test('nobody deletes the stack by mistake', (t) => {
  const outdir = mkdtempSync(join(tmpdir(), 'polo-data-'));
  t.after(() => rmSync(outdir, { recursive: true, force: true }));
  const app = new App({ outdir, analyticsReporting: false, autoSynth: false, builtinCloudFormationValidation: false });
  const stack = new DataStack(app, readConfig({ artifacts: 'stub' }));
  assert.deepEqual([stack.stackName, stack.terminationProtection], ['dev-polo-data', true]);
  assert.equal(app.synth().getStackByName('dev-polo-data').terminationProtection, true);
});

test('neither stack exports or imports: an import would forbid to change what is imported', () => {
  const [data, hub] = [synthesizeData(SETTINGS), synthesize(SETTINGS)];
  assert.deepEqual(data.outputs, {});
  assert.deepEqual(Object.keys(hub.outputs), ['StatusPageUrl']);
  assert.equal(hub.outputs.StatusPageUrl.Export, undefined);
  for (const { json } of [data, hub]) assert.ok(!json.includes('Fn::ImportValue'));
});

test('the functions are told no name that the other stack does not give', () => {
  const [data, hub] = [synthesizeData({ ...SETTINGS, env: 'prod' }), synthesize({ ...SETTINGS, env: 'prod' })];
  for (const name of [
    data.all('AWS::SQS::Queue')[0]?.properties.QueueName,
    data.all('AWS::SNS::Topic')[0]?.properties.TopicName,
    ...data.all('AWS::SecretsManager::Secret').map(({ properties }) => properties.Name),
  ]) {
    assert.match(name, /^prod-polo/);
    assert.ok(hub.json.includes(name), name);
  }
});
