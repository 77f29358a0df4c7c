/**
 * The regions and partitions of AWS, as the CDK's own table has them.
 * Invariant: no other file of this app knows which regions and partitions there are.
 */
import { RegionInfo } from 'aws-cdk-lib/region-info';
import { meant } from './did-you-mean.ts';

const PARTITION_OF = new Map(RegionInfo.regions.map(({ name, partition = '' }) => [name, partition]));
const PARTITIONS = [...new Set(PARTITION_OF.values())].sort();

/** What to write instead; undefined if the region exists. */
export function regionProblem(region: string): string | undefined {
  if (PARTITION_OF.has(region)) return undefined;
  const suggestion = meant(region, [...PARTITION_OF.keys()]);
  return suggestion === undefined ? 'no such AWS region; write one such as eu-west-1' : `no such AWS region; did you mean ${suggestion}?`;
}

/** What to write instead; undefined if partition and region of an ARN exist and belong together. Another text is no ARN. */
export function arnProblem(text: string): string | undefined {
  const [start, partition = '', , region = ''] = text.split(':');
  if (start !== 'arn') return undefined;
  if (!PARTITIONS.includes(partition)) return `no such AWS partition as ${partition}; write one of ${PARTITIONS.join(', ')}`;
  if (region === '') return undefined;
  const problem = regionProblem(region);
  if (problem !== undefined) return `${region} is ${problem}`;
  const actual = PARTITION_OF.get(region);
  return actual === partition ? undefined : `${region} is in the partition ${actual}, not ${partition}; correct one of them`;
}
