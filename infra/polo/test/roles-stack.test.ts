/** The rollout: the stack set as AWS takes it, and the management account's own roles, which are the same ones. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readConfig } from '../lib/config.ts';
import { memberRolesTemplate } from '../lib/member-roles.ts';
import { RolesStack } from '../lib/roles-stack.ts';
import { EXTERNAL_ID, HUB, MANIFESTS, ORGANIZATION, roleOf, settled } from './support/member-roles.ts';
import { type Plain, SynthesizedStack } from './support/stack.ts';

const SETTINGS = { stacks: 'roles', hubAccountId: HUB, externalId: EXTERNAL_ID, rolloutOus: 'ou-ab12-34567890,ou-ab12-45678901' };
const EVERYTHING = {
  ...SETTINGS,
  env: 'prod',
  hubOrganizationId: ORGANIZATION,
  actionRole: 'on',
  actionRoleName: 'prod-polo-action-role',
  deletableBucketArns: 'arn:aws:s3:::old-exports',
  extraPrincipalArns: 'arn:aws:iam::333333333333:user/port-ocean',
  oidcProvider: 'oidc.eks.eu-west-1.amazonaws.com/id/0123',
  oidcSubject: 'system:x',
  stackSetName: 'polo-roles',
  roleRegion: 'eu-west-1',
};

function synthesized(settings: Record<string, unknown>): { stack: SynthesizedStack; template: Plain } {
  const outdir = mkdtempSync(join(tmpdir(), 'polo-infra-'));
  try {
    const app = new App({ outdir, analyticsReporting: false, autoSynth: false, builtinCloudFormationValidation: false });
    const template = Template.fromStack(new RolesStack(app, { config: readConfig(settings), manifests: MANIFESTS })).toJSON();
    return { stack: new SynthesizedStack(template), template };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

function stackSetOf(stack: SynthesizedStack): Plain {
  const [only, ...others] = stack.all('AWS::CloudFormation::StackSet');
  assert.ok(only && others.length === 0);
  return only.properties;
}

function parametersOf({ Parameters }: Plain): Record<string, string> {
  return Object.fromEntries(Parameters.map(({ ParameterKey, ParameterValue }: Plain) => [ParameterKey, ParameterValue]));
}

test('the stack set deploys to the OUs by itself, everywhere at once, and takes everything along when an account leaves', () => {
  const { Parameters, TemplateBody, ...others } = stackSetOf(synthesized(SETTINGS).stack);
  assert.deepEqual(others, {
    StackSetName: 'dev-polo-roles',
    Description: "Polo's roles in member accounts",
    PermissionModel: 'SERVICE_MANAGED',
    CallAs: 'SELF',
    AutoDeployment: { Enabled: true, RetainStacksOnAccountRemoval: false },
    ManagedExecution: { Active: true },
    Capabilities: ['CAPABILITY_NAMED_IAM'],
    OperationPreferences: { FailureTolerancePercentage: 100, MaxConcurrentPercentage: 100 },
    StackInstancesGroup: [{ Regions: ['us-east-1'], DeploymentTargets: { OrganizationalUnitIds: ['ou-ab12-34567890', 'ou-ab12-45678901'] } }],
  });
  assert.deepEqual(JSON.parse(TemplateBody), memberRolesTemplate(MANIFESTS));
  assert.ok(Buffer.byteLength(TemplateBody) < 51_200);
});

test('name, region and caller are settings', () => {
  const { StackSetName, CallAs, StackInstancesGroup } = stackSetOf(synthesized({ ...EVERYTHING, callAs: 'DELEGATED_ADMIN' }).stack);
  assert.deepEqual([StackSetName, CallAs, StackInstancesGroup[0].Regions], ['polo-roles', 'DELEGATED_ADMIN', ['eu-west-1']]);
});

for (const [name, settings] of Object.entries({ least: SETTINGS, everything: EVERYTHING })) {
  test(`${name}: the management account's own roles are those of the stack set`, () => {
    const { stack } = synthesized(settings);
    const inner = settled(parametersOf(stackSetOf(stack)));
    const own = Object.fromEntries(
      stack.all('AWS::IAM::Role').concat(stack.all('AWS::IAM::Policy')).map(({ logicalId, type, properties }) => {
        const text = JSON.stringify(properties).replaceAll('${AWS::Partition}', 'aws').replaceAll('${AWS::AccountId}', '222222222222').replaceAll(/<(\w+)>/g, '$1');
        return [logicalId, { Type: type, Properties: JSON.parse(text) }];
      }),
    );
    const expected = Object.entries(inner.resources).map(([id, { Type, Properties }]) => [
      id,
      { Type, Properties: Type === 'AWS::IAM::Role' ? { ...Properties, AssumeRolePolicyDocument: roleOf(inner, id).trust } : Properties },
    ]);
    assert.deepEqual(own, Object.fromEntries(expected));
  });
}

test('a delegated administrator is a member account: the stack set serves it, and the stack holds nothing else', () => {
  const { stack, template } = synthesized({ ...EVERYTHING, callAs: 'DELEGATED_ADMIN' });
  assert.deepEqual(stack.types(), ['AWS::CloudFormation::StackSet']);
  assert.equal(template.Outputs, undefined);
});

test('it needs no bootstrapped account, and stays below what CloudFormation takes in a call', () => {
  const { stack, template } = synthesized(EVERYTHING);
  assert.deepEqual([template.Parameters, template.Rules], [undefined, undefined]);
  assert.ok(Buffer.byteLength(stack.json) < 51_200, `${Buffer.byteLength(stack.json)} bytes`);
  assert.deepEqual(Object.keys(template.Outputs).sort(), ['ActionRoleArn', 'ReadRoleArn', 'TemplateVersion']);
});
