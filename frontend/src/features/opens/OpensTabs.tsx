import { PageTabs } from '@/shared/PageTabs';

const PAGES = [
  ['/futures/market-open/today', 'Today', 't'],
  ['/futures/market-open/history', 'History', 'o'],
  ['/futures/analytics', 'Analytics', 'a'],
] as const;

/** From one page of market opens to another. */
export const OpensTabs = () => <PageTabs label="Market opens" pages={PAGES} />;
