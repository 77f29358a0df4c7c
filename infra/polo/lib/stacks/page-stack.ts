/**
 * The status page for people with a browser: a load balancer that has them sign in at an OpenID Connect provider and hands
 * their requests on to the function.
 * Invariant: nothing reaches the function unless somebody is signed in, nothing is spoken but TLS 1.2 and later, and the
 * client's secret is in no template. Whom the provider lets sign in for the client sees the page.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
 */
import { Aws, CfnOutput, SecretValue, Stack } from 'aws-cdk-lib';
import { CfnSecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { CfnListener, CfnLoadBalancer, CfnTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { PoloConfig } from '../settings/polo-config.ts';
import { hubEnvironment } from './hub-environment.ts';
import { namesFor } from '../names.ts';
import { type BalancerSettings, balancerOf } from '../settings/page-settings.ts';

const HTTPS_PORT = 443;
/** TLS 1.3 and 1.2: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html */
const TLS_POLICY = 'ELBSecurityPolicy-TLS13-1-2-2021-06';
/** How long somebody stays signed in. */
const SESSION_S = 8 * 60 * 60;

export class PageStack extends Stack {
  constructor(scope: Construct, config: PoloConfig) {
    const names = namesFor(config.env);
    // Of load balancer and target group, whose names end at 32 characters.
    const name = names.stack('page');
    super(scope, name, {
      stackName: name,
      env: hubEnvironment(config),
      description: 'Polo: a load balancer with sign-in in front of the status page',
    });
    const settings = balancerOf(config.env, config.page);
    const functionArn = `arn:${Aws.PARTITION}:lambda:${Aws.REGION}:${Aws.ACCOUNT_ID}:function:${names.functionAndRole('status-page')}`;

    // By the group's name, because its id is known only once the target is in it, for which the permission has to be there.
    const permission = new CfnPermission(this, 'Invoke', {
      functionName: functionArn,
      action: 'lambda:InvokeFunction',
      principal: 'elasticloadbalancing.amazonaws.com',
      sourceArn: `arn:${Aws.PARTITION}:elasticloadbalancing:${Aws.REGION}:${Aws.ACCOUNT_ID}:targetgroup/${name}/*`,
    });
    const targets = new CfnTargetGroup(this, 'Page', { name, targetType: 'lambda', targets: [{ id: functionArn }] });
    targets.addResourceDependency(permission);

    const group = new CfnSecurityGroup(this, 'SecurityGroup', {
      groupDescription: 'Polo: who reaches the status page, and the provider that people sign in at',
      vpcId: settings.vpcId,
      securityGroupIngress: settings.allowedCidrs.map((cidrIp) => ({ ipProtocol: 'tcp', fromPort: HTTPS_PORT, toPort: HTTPS_PORT, cidrIp, description: 'people' })),
      // The provider has no address of its own to name; the function is not reached through the network.
      securityGroupEgress: [{ ipProtocol: 'tcp', fromPort: HTTPS_PORT, toPort: HTTPS_PORT, cidrIp: '0.0.0.0/0', description: 'endpoints of the provider' }],
    });
    const balancer = new CfnLoadBalancer(this, 'LoadBalancer', {
      name,
      type: 'application',
      scheme: settings.scheme,
      subnets: [...settings.subnetIds],
      securityGroups: [group.attrGroupId],
      loadBalancerAttributes: Object.entries(attributes(settings)).map(([key, value]) => ({ key, value })),
    });
    new CfnListener(this, 'Listener', {
      loadBalancerArn: balancer.attrLoadBalancerArn,
      protocol: 'HTTPS',
      port: HTTPS_PORT,
      sslPolicy: TLS_POLICY,
      certificates: [{ certificateArn: settings.certificateArn }],
      defaultActions: [
        {
          type: 'authenticate-oidc',
          order: 1,
          authenticateOidcConfig: {
            issuer: settings.issuer,
            authorizationEndpoint: settings.authorizationEndpoint,
            tokenEndpoint: settings.tokenEndpoint,
            userInfoEndpoint: settings.userInfoEndpoint,
            clientId: settings.clientId,
            clientSecret: SecretValue.secretsManager(settings.clientSecretArn).unsafeUnwrap(),
            scope: 'openid',
            onUnauthenticatedRequest: 'authenticate',
            sessionTimeout: String(SESSION_S),
          },
        },
        { type: 'forward', order: 2, targetGroupArn: targets.attrTargetGroupArn },
      ],
    });
    new CfnOutput(this, 'LoadBalancerName', {
      description: "Where the page's own name has to point; the provider sends people back to https://<that name>/oauth2/idpresponse",
      value: balancer.attrDnsName,
    });
  }
}

function attributes({ accessLogBucket }: BalancerSettings): Record<string, string> {
  const log: Record<string, string> = accessLogBucket === undefined ? {} : { 'access_logs.s3.enabled': 'true', 'access_logs.s3.bucket': accessLogBucket };
  return { 'deletion_protection.enabled': 'true', 'routing.http.drop_invalid_header_fields.enabled': 'true', ...log };
}
