import type { Quality } from '@/api/marketOpen';
import { formatCount } from '@/shared/format';
import { formatShare, QUALITY_WORDS } from '../shared/words';
import classes from './quality.module.css';
import type { Stats } from './reads';
import { Section } from './Section';

const QUALITIES = ['exact', 'gap', 'bar_only'] as const satisfies readonly Quality[];

/** How sure the outcomes are. */
export function QualityShares({ stats }: { stats: Stats }) {
  const { quality } = stats;
  return (
    <Section id="quality" title="How sure the outcomes are" note={`of ${formatCount(quality.n)} decided or expired`}>
      {quality.n === 0 ? (
        <p className={classes.quiet}>Nothing decided or expired yet.</p>
      ) : (
        <>
          <div className={classes.bar} aria-hidden="true">
            {QUALITIES.map((each) => (
              <span key={each} data-quality={each} style={{ flexGrow: quality[each] ?? 0 }} />
            ))}
          </div>
          <dl className={classes.list} data-testid="quality">
            {QUALITIES.map((each) => (
              <div key={each}>
                <dt data-quality={each}>{QUALITY_WORDS[each].word}</dt>
                <dd>{formatShare(quality[each])}</dd>
                <dd className={classes.quiet}>{QUALITY_WORDS[each].title}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </Section>
  );
}
