import type { MarketRow } from '@/live/markets';
import { compositeOf, type Share, sharePercent } from './composite';
import classes from './markets.module.css';

/** How much of the world is open, by weight: the whole, then by region. */
export function CompositeStrip({ markets }: { markets: readonly MarketRow[] }) {
  return (
    <ul className={classes.strip} aria-label="Open by weight" data-testid="composite">
      {compositeOf(markets).map((share) => (
        <RegionShare key={share.name} share={share} />
      ))}
    </ul>
  );
}

function RegionShare({ share }: { share: Share }) {
  const percent = sharePercent(share.openShare);
  return (
    <li className={classes.share} title={explain(share)} data-testid={`share-${share.name}`} data-share={percent}>
      <span className={classes.shareName}>{share.name}</span>
      <span>{percent} open</span>
      <svg className={classes.gauge} viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
        <rect width={share.openShare * 100} height="1" />
      </svg>
    </li>
  );
}

function explain({ name, open, unknown }: Share): string {
  const parts = [open.length > 0 ? `${name}, open: ${open.join(', ')}` : `${name}: nothing open`];
  if (unknown.length > 0) parts.push(`not known: ${unknown.join(', ')}`);
  return parts.join('; ');
}
