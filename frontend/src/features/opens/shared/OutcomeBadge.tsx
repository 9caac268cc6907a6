import type { Outcome, Quality } from '@/api/marketOpen';
import { CheckIcon, ClockIcon, CloseIcon, HourglassIcon, MinusIcon, WarningIcon } from '@/shared/icons';
import classes from './outcome.module.css';
import { OUTCOME_WORDS, QUALITY_WORDS } from './words';

const ICONS = {
  WORKED: CheckIcon,
  DIDNT_WORK: CloseIcon,
  PENDING: HourglassIcon,
  EXPIRED: ClockIcon,
  NEUTRAL: MinusIcon,
  ERROR: WarningIcon,
} as const;

/** What became of a trade: as icon, word and colour. */
export function OutcomeBadge({ outcome, testId }: { outcome: Outcome; testId?: string }) {
  const { word, tone, title } = OUTCOME_WORDS[outcome];
  const OutcomeIcon = ICONS[outcome];
  return (
    <span className={classes.badge} data-tone={tone} data-outcome={outcome} data-testid={testId} title={title}>
      <OutcomeIcon size={11} />
      {word}
    </span>
  );
}

/** How sure an outcome is; nothing of one that says nothing of it, or, unless `always`, is exact. */
export function QualityMark({ quality, always = false }: { quality: Quality | null; always?: boolean }) {
  if (quality === null || (quality === 'exact' && !always)) return null;
  const { word, title } = QUALITY_WORDS[quality];
  return (
    <span className={classes.quality} data-quality={quality} title={title}>
      {quality !== 'exact' && <WarningIcon size={11} />}
      {word}
    </span>
  );
}
