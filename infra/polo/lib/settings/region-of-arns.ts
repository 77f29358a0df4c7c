/**
 * The region of what settings name by ARN: the hub's stacks can use it only where they are themselves.
 * Invariant: a secret's ARN is not shown, because what was given in its place may have been the secret.
 */
import type { PoloConfig } from './polo-config.ts';
import { SettingError } from './setting-error.ts';

/** Fails where the hub's region is known and an ARN is of another. */
export function rejectOtherRegions({ forwarding: { hubRegion }, secrets: { clickhousePassword, slackWebhook }, page: { balancer } }: PoloConfig): void {
  if (hubRegion === undefined) return;
  const arns = {
    clickhouseSecretArn: clickhousePassword?.arn,
    clickhouseSecretKeyArn: clickhousePassword?.keyArn,
    slackSecretArn: slackWebhook?.arn,
    slackSecretKeyArn: slackWebhook?.keyArn,
    pageCertificateArn: balancer?.certificateArn,
    pageOidcClientSecretArn: balancer?.clientSecretArn,
  };
  for (const [key, arn] of Object.entries(arns)) {
    const region = arn?.split(':')[3];
    if (region !== undefined && region !== hubRegion) {
      throw new SettingError(`${key} is of ${region} and hubRegion is "${hubRegion}": name one in the hub's region`);
    }
  }
}
