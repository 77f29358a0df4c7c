/** The status page's own address: signed requests alone, and both rights for whom a setting lets in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../lib/settings/config.ts';
import { failsWith } from './support/failure.ts';
import { type Plain, type SynthesizedStack, synthesize } from './support/stack.ts';

const READERS = ['arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_FinOps_0a1b2c3d', 'arn:aws:iam::222222222222:user/jane'];

const permissions = (stack: SynthesizedStack): Plain[] => {
  const { logicalId } = stack.function('status-page');
  return stack.all('AWS::Lambda::Permission').map(({ properties }) => properties).filter(({ FunctionName }) => FunctionName === `<${logicalId}.Arn>`);
};

test('the page takes signed requests alone, and its address is an output', () => {
  const stack = synthesize();
  const [url, ...others] = stack.all('AWS::Lambda::Url');
  assert.ok(url && others.length === 0);
  assert.deepEqual(url.properties, { AuthType: 'AWS_IAM', TargetFunctionArn: `<${stack.function('status-page').logicalId}.Arn>` });
  assert.equal(stack.outputs.StatusPageUrl.Value, `<${url.logicalId}.FunctionUrl>`);
});

test("nobody is let in by the function itself: policies in the hub's account say who opens the page", () => {
  assert.deepEqual(permissions(synthesize()), []);
});

test('a reader gets both rights that Lambda asks for, and may not invoke the function but through its address', () => {
  const stack = synthesize({ statusPageReaders: READERS.join(',') });
  const FunctionName = `<${stack.function('status-page').logicalId}.Arn>`;
  const expected = READERS.flatMap((Principal): Plain[] => [
    { FunctionName, Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'AWS_IAM', Principal },
    { FunctionName, Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true, Principal },
  ]);
  const order = (a: Plain, b: Plain): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  const sorted = (of: Plain[]): Plain[] => of.map((one) => Object.fromEntries(Object.entries(one).sort(order))).sort(order);
  assert.deepEqual(sorted(permissions(stack)), sorted(expected));
});

for (const reader of ['*', 'arn:aws:iam::111111111111:role/*', 'arn:aws:iam::*:role/finops', 'arn:aws:iam::111111111111:root', '111111111111']) {
  test(`no reader: ${reader}`, () =>
    failsWith(
      () => readConfig({ artifacts: 'stub', statusPageReaders: [reader] }),
      `an entry of statusPageReaders is ${JSON.stringify(reader)}: list ARNs of roles or IAM users without wildcard, each once, such as arn:aws:iam::123456789012:role/finops`,
    ));
}

test('the address that messages link is an address', () => {
  failsWith(
    () => readConfig({ artifacts: 'stub', pageUrl: 'http://polo.example.com' }),
    'pageUrl is "http://polo.example.com": write the address under which people open the status page, such as https://polo.example.com, or leave it out',
  );
});
