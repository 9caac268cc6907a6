import classes from './outcome.module.css';
import { formatUsd, toneOf } from './words';

/** An amount with its sign, in the colour of it. */
export function Money({ usd, testId }: { usd: number | null | undefined; testId?: string }) {
  return (
    <span className={classes.money} data-tone={toneOf(usd)} data-testid={testId}>
      {formatUsd(usd)}
    </span>
  );
}
