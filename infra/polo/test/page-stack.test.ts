/** The load balancer in front of the status page: whom it lets through, what it speaks, and that its settings are whole. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../lib/settings/config.ts';
import { failsWith } from './support/failure.ts';
import { PAGE, SECRET_ARN } from './support/page.ts';
import { type Plain, synthesizePage } from './support/stack.ts';

const stack = synthesizePage(PAGE);
const only = (type: string): Plain => {
  const [found, ...others] = stack.all(type);
  assert.ok(found && others.length === 0, type);
  return found;
};
const FUNCTION = 'arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:dev-polo-status-page';

test('the stack holds these resources and no others', () => {
  assert.deepEqual(stack.types(), [
    'AWS::EC2::SecurityGroup',
    'AWS::ElasticLoadBalancingV2::Listener',
    'AWS::ElasticLoadBalancingV2::LoadBalancer',
    'AWS::ElasticLoadBalancingV2::TargetGroup',
    'AWS::Lambda::Permission',
  ]);
});

test('whoever is not signed in is sent to sign in, and nothing is forwarded before', () => {
  const { properties } = only('AWS::ElasticLoadBalancingV2::Listener');
  assert.deepEqual(properties.DefaultActions, [
    {
      Type: 'authenticate-oidc',
      Order: 1,
      AuthenticateOidcConfig: {
        Issuer: 'https://login.example.com',
        AuthorizationEndpoint: 'https://login.example.com/authorize',
        TokenEndpoint: 'https://login.example.com/token',
        UserInfoEndpoint: 'https://login.example.com/userinfo',
        ClientId: 'polo',
        ClientSecret: `{{resolve:secretsmanager:${SECRET_ARN}:SecretString:::}}`,
        Scope: 'openid',
        OnUnauthenticatedRequest: 'authenticate',
        SessionTimeout: '28800',
      },
    },
    { Type: 'forward', Order: 2, TargetGroupArn: `<${only('AWS::ElasticLoadBalancingV2::TargetGroup').logicalId}.TargetGroupArn>` },
  ]);
  // No rule beside the default could go round it.
  assert.deepEqual(stack.all('AWS::ElasticLoadBalancingV2::ListenerRule'), []);
});

test('it speaks TLS 1.2 and 1.3 with the certificate, on one port', () => {
  const { DefaultActions: _, ...properties } = only('AWS::ElasticLoadBalancingV2::Listener').properties;
  assert.deepEqual(properties, {
    LoadBalancerArn: `<${only('AWS::ElasticLoadBalancingV2::LoadBalancer').logicalId}.LoadBalancerArn>`,
    Protocol: 'HTTPS',
    Port: 443,
    SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
    Certificates: [{ CertificateArn: PAGE.pageCertificateArn }],
  });
});

test('it is internal, cannot be deleted by mistake and drops malformed headers', () => {
  const { LoadBalancerAttributes, ...properties } = only('AWS::ElasticLoadBalancingV2::LoadBalancer').properties;
  assert.deepEqual(properties, {
    Name: 'dev-polo-page',
    Type: 'application',
    Scheme: 'internal',
    Subnets: PAGE.pageSubnetIds,
    SecurityGroups: [`<${only('AWS::EC2::SecurityGroup').logicalId}.GroupId>`],
  });
  const attributes = { 'deletion_protection.enabled': 'true', 'routing.http.drop_invalid_header_fields.enabled': 'true' };
  assert.deepEqual(LoadBalancerAttributes, Object.entries(attributes).map(([Key, Value]) => ({ Key, Value })));
});

test('who faces the internet, and who keeps a log, says so', () => {
  const other = synthesizePage({ ...PAGE, pageScheme: 'internet-facing', pageAccessLogBucket: 'balancer-logs' });
  const [{ properties }] = other.all('AWS::ElasticLoadBalancingV2::LoadBalancer') as [Plain];
  assert.equal(properties.Scheme, 'internet-facing');
  assert.deepEqual(properties.LoadBalancerAttributes.slice(2), [
    { Key: 'access_logs.s3.enabled', Value: 'true' },
    { Key: 'access_logs.s3.bucket', Value: 'balancer-logs' },
  ]);
});

test('it is reached from the listed addresses alone, and reaches out for the provider alone', () => {
  const { VpcId, SecurityGroupIngress, SecurityGroupEgress } = only('AWS::EC2::SecurityGroup').properties;
  const rule = (CidrIp: string, Description: string): Plain => ({ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp, Description });
  assert.equal(VpcId, PAGE.pageVpcId);
  assert.deepEqual(SecurityGroupIngress, [rule('10.0.0.0/8', 'people'), rule('192.0.2.0/24', 'people')]);
  assert.deepEqual(SecurityGroupEgress, [rule('0.0.0.0/0', 'endpoints of the provider')]);
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
  for (const { Description } of [...SecurityGroupIngress, ...SecurityGroupEgress]) assert.match(Description, /^[a-zA-Z0-9. _:/()#,@[\]+=&;{}!$*-]{1,255}$/);
});

test('this target group may invoke the page, and may do so before the page becomes its target', () => {
  const permission = only('AWS::Lambda::Permission');
  assert.deepEqual(permission.properties, {
    FunctionName: FUNCTION,
    Action: 'lambda:InvokeFunction',
    Principal: 'elasticloadbalancing.amazonaws.com',
    SourceArn: 'arn:${AWS::Partition}:elasticloadbalancing:${AWS::Region}:${AWS::AccountId}:targetgroup/dev-polo-page/*',
  });
  const group = only('AWS::ElasticLoadBalancingV2::TargetGroup');
  assert.deepEqual(group.properties, { Name: 'dev-polo-page', TargetType: 'lambda', Targets: [{ Id: FUNCTION }] });
  assert.deepEqual(group.rest.DependsOn, [permission.logicalId]);
});

test('names stay within the 32 characters of a load balancer', () => {
  const [{ properties }] = synthesizePage({ ...PAGE, env: 'an-environment-of-20' }).all('AWS::ElasticLoadBalancingV2::LoadBalancer') as [Plain];
  assert.equal(properties.Name, 'an-environment-of-20-polo-page');
});

test('giving the load balancer adds its stack, and stacks can leave it out', () => {
  assert.deepEqual(readConfig({ artifacts: 'stub', ...PAGE }).roles.stacks, ['hub', 'page']);
  assert.deepEqual(readConfig({ artifacts: 'stub', ...PAGE, stacks: 'hub' }).roles.stacks, ['hub']);
});

const NEEDED = Object.keys(PAGE);
for (const missing of NEEDED) {
  test(`without ${missing} there is no load balancer`, () => {
    const { [missing]: _, ...others } = PAGE as Record<string, unknown>;
    assert.throws(() => readConfig({ artifacts: 'stub', stacks: 'hub', ...others }), {
      name: 'SettingError',
      message: new RegExp(`^page[A-Za-z]+ is given and ${missing} is missing: [^\\n]+$`),
    });
  });
}

const OIDC_ADDRESS = 'write an address such as https://login.example.com';
const CIDR = 'list address ranges of IPv4, each once, such as 10.0.0.0/8';
const REFUSED: readonly [settings: Record<string, unknown>, sentence: string][] = [
  [{ pageScheme: 'internal' }, 'pageScheme is given and pageCertificateArn is missing: name the certificate of the address under which people open the page'],
  [{ pageAccessLogBucket: 'balancer-logs' }, 'pageAccessLogBucket is given and pageCertificateArn is missing: name the certificate of the address under which people open the page'],
  [{ stacks: 'hub,page' }, 'stacks has "page" and pageCertificateArn is missing: name the certificate of the address under which people open the page, or leave page out'],
  [{ ...PAGE, pageSubnetIds: ['subnet-0123456789abcdef0'] }, 'pageSubnetIds is ["subnet-0123456789abcdef0"]: a load balancer needs two subnets at least, in different availability zones'],
  [{ ...PAGE, pageSubnetIds: 'a,b' }, 'an entry of pageSubnetIds is "a": list subnet ids, each once, such as subnet-0123456789abcdef0'],
  [{ ...PAGE, pageVpcId: 'main' }, 'pageVpcId is "main": write the id of a VPC, such as vpc-0123456789abcdef0'],
  [
    { ...PAGE, pageCertificateArn: 'arn:aws:iam::111111111111:server-certificate/polo' },
    'pageCertificateArn is "arn:aws:iam::111111111111:server-certificate/polo": write the certificate\'s ARN, such as arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d-...',
  ],
  [{ ...PAGE, pageScheme: 'public' }, 'pageScheme is "public": write one of internal, internet-facing'],
  ...['10.0.0.0', '10.0.0.1/8', '10.0.0.0/33', '256.0.0.0/8', '::/0', '10.0.0/8'].map((cidr): [Record<string, unknown>, string] => [
    { ...PAGE, pageAllowedCidrs: [cidr] },
    `an entry of pageAllowedCidrs is "${cidr}": ${CIDR}`,
  ]),
  [{ ...PAGE, pageOidcIssuer: 'http://login.example.com' }, `pageOidcIssuer is "http://login.example.com": ${OIDC_ADDRESS}`],
  [{ ...PAGE, pageOidcTokenEndpoint: 'login.example.com/token' }, 'pageOidcTokenEndpoint is "login.example.com/token": write an address without a port of its own, such as https://login.example.com/token'],
  [{ ...PAGE, pageOidcUserInfoEndpoint: 'https://login.example.com:8443/userinfo' }, 'pageOidcUserInfoEndpoint is "https://login.example.com:8443/userinfo": write an address without a port of its own, such as https://login.example.com/userinfo'],
  [{ ...PAGE, env: 'internal-dev' }, 'env is "internal-dev": no load balancer has a name that begins with internal-; choose another, or leave page out of stacks'],
  [{ ...PAGE, pageOidcClientId: 'a b' }, 'pageOidcClientId is "a b": write the id without spaces'],
  [
    { ...PAGE, pageOidcClientSecretArn: 'hunter2' },
    'pageOidcClientSecretArn has a wrong value, which is not shown because it may be a secret: write the full ARN of a secret, such as arn:aws:secretsmanager:eu-west-1:123456789012:secret:polo/clickhouse-AbCdEf',
  ],
];
for (const [settings, sentence] of REFUSED) {
  test(`refused: ${sentence}`, () => failsWith(() => readConfig({ artifacts: 'stub', ...settings }), sentence));
}
