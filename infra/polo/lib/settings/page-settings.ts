/**
 * The settings of the status page: who may open it by its own address, and the load balancer that lets people sign in.
 * Invariant: the load balancer is described in full, or not at all.
 */
import { SECRET_ARN, SECRET_ARN_FIX } from './secret-settings.ts';
import { SettingError } from './setting-error.ts';
import type { SettingReader } from './setting-reader.ts';

export const SCHEMES = ['internal', 'internet-facing'] as const;
export type Scheme = (typeof SCHEMES)[number];

/** A load balancer that asks an OpenID Connect provider who somebody is, and hands on to the status page. */
export interface BalancerSettings {
  readonly vpcId: string;
  /** Two at least, in different availability zones. */
  readonly subnetIds: readonly string[];
  readonly certificateArn: string;
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly userInfoEndpoint: string;
  readonly clientId: string;
  /** The secret's whole text is the client's secret. */
  readonly clientSecretArn: string;
  /** From where it may be reached. */
  readonly allowedCidrs: readonly string[];
  readonly scheme: Scheme;
  /** Where its access log goes; absent = none is kept. */
  readonly accessLogBucket?: string;
}

export interface PageSettings {
  /** Roles and users that may open the function's URL, besides those whom their own policies let. */
  readonly readers: readonly string[];
  /** The address under which people open it; messages link it. */
  readonly url?: string;
  readonly balancer?: BalancerSettings;
}

const READER_ARN = /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[A-Za-z0-9_+=,.@/-]{1,512}$/;
const VPC_ID = /^vpc-[0-9a-f]{8,17}$/;
const SUBNET_ID = /^subnet-[0-9a-f]{8,17}$/;
const CERTIFICATE_ARN = /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[A-Za-z0-9-]{1,64}$/;
const HTTPS = /^https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[^\s?#<>|"]*)?$/;
const CLIENT_ID = /^[\x21-\x7e]{1,255}$/;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const SUBNETS_AT_LEAST = 2;
/** https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html */
const RESERVED_ENV = /^internal(-|$)/;
/** The load balancer itself asks these, and its security group lets it out to port 443 alone. */
const HTTPS_443 = /^https:\/\/[A-Za-z0-9.-]+(:443)?(\/[^\s?#]*)?$/;

const NEEDED = {
  pageCertificateArn: 'name the certificate of the address under which people open the page',
  pageVpcId: 'name the VPC in which the load balancer is',
  pageSubnetIds: 'list the subnets in which the load balancer is, two at least',
  pageAllowedCidrs: 'list from where the page may be reached, such as 10.0.0.0/8',
  pageOidcIssuer: "write the provider's issuer",
  pageOidcAuthorizationEndpoint: "write the provider's authorization endpoint",
  pageOidcTokenEndpoint: "write the provider's token endpoint",
  pageOidcUserInfoEndpoint: "write the provider's user info endpoint",
  pageOidcClientId: 'write the id by which the provider knows the page',
  pageOidcClientSecretArn: "name the secret that holds the client's secret",
} as const;

export function readPageSettings(settings: SettingReader): PageSettings {
  return {
    readers: settings.list('statusPageReaders', (item) => READER_ARN.test(item), 'list ARNs of roles or IAM users without wildcard, each once, such as arn:aws:iam::123456789012:role/finops') ?? [],
    url: settings.text('pageUrl', HTTPS, 'write the address under which people open the status page, such as https://polo.example.com, or leave it out'),
    balancer: balancer(settings),
  };
}

/** The load balancer's settings; fails where there are none, or where it could not have the environment's name. */
export function balancerOf(env: string, { balancer: settings }: PageSettings): BalancerSettings {
  if (RESERVED_ENV.test(env)) throw SettingError.wrong('env', env, 'no load balancer has a name that begins with internal-; choose another, or leave page out of stacks');
  if (settings === undefined) throw new SettingError(`stacks has "page" and pageCertificateArn is missing: ${NEEDED.pageCertificateArn}, or leave page out`);
  return settings;
}

function balancer(settings: SettingReader): BalancerSettings | undefined {
  const texts = {
    pageCertificateArn: settings.text('pageCertificateArn', CERTIFICATE_ARN, "write the certificate's ARN, such as arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d-..."),
    pageVpcId: settings.text('pageVpcId', VPC_ID, 'write the id of a VPC, such as vpc-0123456789abcdef0'),
    pageOidcIssuer: settings.text('pageOidcIssuer', HTTPS, 'write an address such as https://login.example.com'),
    pageOidcAuthorizationEndpoint: settings.text('pageOidcAuthorizationEndpoint', HTTPS, 'write an address such as https://login.example.com/authorize'),
    pageOidcTokenEndpoint: settings.text('pageOidcTokenEndpoint', HTTPS_443, 'write an address without a port of its own, such as https://login.example.com/token'),
    pageOidcUserInfoEndpoint: settings.text('pageOidcUserInfoEndpoint', HTTPS_443, 'write an address without a port of its own, such as https://login.example.com/userinfo'),
    pageOidcClientId: settings.text('pageOidcClientId', CLIENT_ID, 'write the id without spaces'),
    pageOidcClientSecretArn: settings.unshown('pageOidcClientSecretArn', SECRET_ARN, SECRET_ARN_FIX),
  };
  const subnetIds = settings.list('pageSubnetIds', (item) => SUBNET_ID.test(item), 'list subnet ids, each once, such as subnet-0123456789abcdef0');
  const allowedCidrs = settings.list('pageAllowedCidrs', isCidr, 'list address ranges of IPv4, each once, such as 10.0.0.0/8');
  const optional = {
    pageScheme: settings.choice('pageScheme', SCHEMES),
    pageAccessLogBucket: settings.text('pageAccessLogBucket', BUCKET, 'write the name of a bucket, or leave it out'),
  };
  const required = { ...texts, pageSubnetIds: subnetIds, pageAllowedCidrs: allowedCidrs };
  const [given] = Object.entries({ ...required, ...optional }).find(([, value]) => value !== undefined) ?? [];
  if (given === undefined) return undefined;
  const needed = <K extends keyof typeof NEEDED>(key: K): NonNullable<(typeof required)[K]> => {
    const value = required[key];
    if (value === undefined) throw new SettingError(`${given} is given and ${key} is missing: ${NEEDED[key]}`);
    return value;
  };
  const settled: BalancerSettings = {
    certificateArn: needed('pageCertificateArn'),
    vpcId: needed('pageVpcId'),
    subnetIds: needed('pageSubnetIds'),
    allowedCidrs: needed('pageAllowedCidrs'),
    issuer: needed('pageOidcIssuer'),
    authorizationEndpoint: needed('pageOidcAuthorizationEndpoint'),
    tokenEndpoint: needed('pageOidcTokenEndpoint'),
    userInfoEndpoint: needed('pageOidcUserInfoEndpoint'),
    clientId: needed('pageOidcClientId'),
    clientSecretArn: needed('pageOidcClientSecretArn'),
    scheme: optional.pageScheme ?? 'internal',
    accessLogBucket: optional.pageAccessLogBucket,
  };
  if (settled.subnetIds.length < SUBNETS_AT_LEAST) {
    throw SettingError.wrong('pageSubnetIds', settled.subnetIds, 'a load balancer needs two subnets at least, in different availability zones');
  }
  return settled;
}

/** Canonical only, as security groups take them: no bit beyond the prefix. */
function isCidr(item: string): boolean {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(item);
  if (!parts) return false;
  const [first = 0, second = 0, third = 0, fourth = 0, bits = 0] = parts.slice(1).map(Number);
  if ([first, second, third, fourth].some((octet) => octet > 255) || bits > 32) return false;
  const address = first * 2 ** 24 + second * 2 ** 16 + third * 2 ** 8 + fourth;
  return address % 2 ** (32 - bits) === 0;
}
