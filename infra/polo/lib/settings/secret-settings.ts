/**
 * The settings of the secrets: which there are, and whether this app makes them or an existing one is read.
 * Invariant: settings name secrets and never hold one (what is given in their place is not shown either), and a secret
 * belongs to a use that is switched on.
 */
import { SettingError } from './setting-error.ts';
import type { SettingReader } from './setting-reader.ts';

/** A secret that functions read. */
export interface SecretSetting {
  /** An existing one; absent = this app makes it. */
  readonly arn?: string;
  /** The customer's key that the existing one is encrypted with; absent = Secrets Manager's own. */
  readonly keyArn?: string;
}

export interface SecretSettings {
  /** ClickHouse's password; absent = the server asks for none. */
  readonly clickhousePassword?: SecretSetting;
  /** The address of Slack's incoming webhook; absent = nothing is told to Slack. */
  readonly slackWebhook?: SecretSetting;
}

/** With the six characters that Secrets Manager adds: without them it would mean every secret whose name begins so. */
export const SECRET_ARN = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]{1,512}-[A-Za-z0-9]{6}$/;
const KEY_ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]{1,64}$/;

export const SECRET_ARN_FIX = 'write the full ARN of a secret, such as arn:aws:secretsmanager:eu-west-1:123456789012:secret:polo/clickhouse-AbCdEf';
const KEY_ARN_FIX = 'write the ARN of the key that the secret is encrypted with, such as arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-...';

export function readSecretSettings(settings: SettingReader): SecretSettings {
  const password = settings.unshown('clickhousePassword', /^(secret|none)$/, 'write secret or none; the password itself belongs into Secrets Manager') ?? 'secret';
  const clickhouse = existing(settings, 'clickhouseSecretArn', 'clickhouseSecretKeyArn');
  if (password === 'none' && clickhouse.arn !== undefined) {
    throw new SettingError('clickhouseSecretArn is given and clickhousePassword is "none": leave one of them out');
  }
  const slack = settings.choice('slack', ['on', 'off']);
  const webhook = existing(settings, 'slackSecretArn', 'slackSecretKeyArn');
  if (slack === 'off' && webhook.arn !== undefined) {
    throw new SettingError('slackSecretArn is given and slack is "off": leave one of them out');
  }
  return {
    clickhousePassword: password === 'none' ? undefined : clickhouse,
    slackWebhook: slack === 'on' || webhook.arn !== undefined ? webhook : undefined,
  };
}

/** The functions are in no network of the account's own: what they send without TLS, others can read. */
export function rejectPasswordInClear(clickhouseUrl: string | undefined, { clickhousePassword }: SecretSettings): void {
  if (clickhousePassword !== undefined && clickhouseUrl?.startsWith('http:') === true) {
    throw new SettingError('clickhouseUrl is http and the password would be sent in the clear: write https, or set "clickhousePassword" to "none"');
  }
}

function existing(settings: SettingReader, arnKey: string, keyArnKey: string): SecretSetting {
  const arn = settings.unshown(arnKey, SECRET_ARN, `${SECRET_ARN_FIX}, or leave it out`);
  const keyArn = settings.text(keyArnKey, KEY_ARN, `${KEY_ARN_FIX}, or leave it out`);
  if (keyArn !== undefined && arn === undefined) {
    throw new SettingError(`${keyArnKey} is given and ${arnKey} is missing: name the secret that the key is for`);
  }
  return { arn, keyArn };
}
