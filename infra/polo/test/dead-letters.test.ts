/** Dead letters: the queue's settings, and a policy that does not grow with the rules. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadManifests } from '../lib/inputs/manifest.ts';
import { FIXTURES, type Plain, type SynthesizedStack, synthesize, synthesizeData } from './support/stack.ts';

const rules = 'arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule';

function policyStatements(stack: SynthesizedStack): Plain[] {
  const [queue] = stack.all('AWS::SQS::Queue');
  const [policy, ...others] = stack.all('AWS::SQS::QueuePolicy');
  assert.ok(queue && policy);
  assert.deepEqual(others, []);
  assert.deepEqual(policy.properties.Queues, [`<${queue.logicalId}>`]);
  return policy.properties.PolicyDocument.Statement;
}

test('the queue keeps messages encrypted for 14 days', () => {
  assert.deepEqual(synthesizeData().all('AWS::SQS::Queue').map(({ properties }) => properties), [
    { QueueName: 'dev-polo-dead-letters', SqsManagedSseEnabled: true, MessageRetentionPeriod: 14 * 24 * 3600 },
  ]);
});

test('one statement admits the rules of this environment, one refuses whoever comes without TLS', () => {
  const stack = synthesizeData();
  const arn = `<${stack.one('AWS::SQS::Queue', 'QueueName', 'dev-polo-dead-letters').logicalId}.Arn>`;
  assert.deepEqual(policyStatements(stack), [
    { Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sqs:*', Resource: arn, Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    {
      Sid: 'KeepUndelivered',
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: arn,
      Condition: { ArnLike: { 'aws:SourceArn': [`${rules}/dev-polo-*`, `${rules}/dev-polo/*`] } },
    },
  ]);
});

test('it outlives its stack, and a stack that could not be made leaves none', () => {
  assert.deepEqual(synthesizeData().all('AWS::SQS::Queue').map(({ rest }) => rest), [{ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' }]);
});

test('thirty collectors add nothing to it: the functions know it by name', () => {
  const [manifest] = loadManifests(FIXTURES);
  assert.ok(manifest);
  const many = Array.from({ length: 30 }, (_, index) => ({ ...manifest, id: `collector_${index}` }));
  const stack = synthesize({}, many);
  for (const type of ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy']) assert.deepEqual(stack.all(type), []);
  assert.ok(stack.json.includes(':dev-polo-dead-letters'));
});
