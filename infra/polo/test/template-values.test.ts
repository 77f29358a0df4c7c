/** The intrinsic functions, as CloudFormation works them out; what is not known is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../lib/inputs/template-values.ts';
import type { Plain } from './support/stack.ts';

const PARAMETERS = { Name: { Type: 'String', Default: 'a' }, Names: { Type: 'CommaDelimitedList', Default: 'a, b' }, Empty: { Type: 'CommaDelimitedList', Default: '' } };
const CONDITIONS = {
  NameIsA: { 'Fn::Equals': [{ Ref: 'Name' }, 'a'] },
  NameIsNotA: { 'Fn::Not': [{ Condition: 'NameIsA' }] },
  Both: { 'Fn::And': [{ Condition: 'NameIsA' }, { Condition: 'NameIsNotA' }] },
  Either: { 'Fn::Or': [{ Condition: 'NameIsA' }, { Condition: 'NameIsNotA' }] },
};

function settledOf(value: Plain, parameters: Record<string, string> = {}): Plain {
  const template = {
    Parameters: PARAMETERS,
    Conditions: CONDITIONS,
    Mappings: { Map: { Key: { Field: '1' } } },
    Resources: { It: { Type: 'X', Properties: { Value: value } }, Never: { Type: 'X', Condition: 'Both', Properties: {} } },
    Outputs: { Never: { Condition: 'Both', Description: '', Value: '' } },
  };
  const { resources, outputs } = settle(template, parameters, { 'AWS::Partition': 'aws-cn' }, (id, attribute) => `<${id}${attribute ?? ''}>`);
  assert.deepEqual([Object.keys(resources), Object.keys(outputs)], [['It'], []]);
  return resources['It']?.Properties.Value;
}

const KNOWN: readonly [value: Plain, expected: Plain][] = [
  [{ Ref: 'Name' }, 'a'],
  [{ Ref: 'Names' }, ['a', 'b']],
  [{ 'Fn::Join': ['', { Ref: 'Empty' }] }, ''],
  [{ Ref: 'AWS::Partition' }, 'aws-cn'],
  [{ Ref: 'It' }, '<It>'],
  [{ 'Fn::GetAtt': ['It', 'Arn'] }, '<ItArn>'],
  [{ 'Fn::Join': ['-', ['x', { Ref: 'Name' }]] }, 'x-a'],
  [{ 'Fn::Split': [',', { 'Fn::Join': [',p', { Ref: 'Names' }] }] }, ['a', 'pb']],
  [{ 'Fn::Sub': '${AWS::Partition}:${Name}' }, 'aws-cn:a'],
  [{ 'Fn::Sub': ['${Own}:${Name}', { Own: { Ref: 'Name' } }] }, 'a:a'],
  [{ 'Fn::FindInMap': ['Map', 'Key', 'Field'] }, '1'],
  [{ 'Fn::If': ['NameIsA', 1, 2] }, 1],
  [{ 'Fn::If': ['Both', 1, { x: { 'Fn::If': ['Either', 2, 3] } }] }, { x: 2 }],
  [{ kept: 1, left: { Ref: 'AWS::NoValue' }, list: [1, { 'Fn::If': ['NameIsNotA', 2, { Ref: 'AWS::NoValue' }] }] }, { kept: 1, list: [1] }],
];
for (const [value, expected] of KNOWN) test(JSON.stringify(value), () => assert.deepEqual(settledOf(value), expected));

test('a given parameter comes before its default', () => assert.equal(settledOf({ 'Fn::If': ['NameIsA', 1, 2] }, { Name: 'b' }), 2));

const UNKNOWN: readonly [value: Plain, message: RegExp][] = [
  [{ Ref: 'Nobody' }, /neither a parameter nor a resource Nobody/],
  [{ Ref: 'AWS::Region' }, /neither a parameter nor a resource AWS::Region/],
  [{ 'Fn::ImportValue': 'x' }, /Fn::ImportValue is not known/],
  [{ 'Fn::If': ['Nothing', 1, 2] }, /no condition Nothing/],
  [{ Ref: 'Name', 'Fn::Sub': 'x' }, /not one function/],
];
for (const [value, message] of UNKNOWN) test(`refused: ${JSON.stringify(value)}`, () => assert.throws(() => settledOf(value), { message }));
