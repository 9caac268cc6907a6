import { PageTabs } from '@/shared/PageTabs';

const PAGES = [
  ['/research/chart', 'Chart', 'c'],
  ['/research/data', 'Data', 'd'],
] as const;

/** From one page of research to another. */
export const ResearchTabs = () => <PageTabs label="Research" pages={PAGES} />;
