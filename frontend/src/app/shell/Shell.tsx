import { Outlet } from '@tanstack/react-router';
import { DisconnectedBanner, OriginBanner } from '@/features/connection/Banners';
import { Header } from './Header';

/** What every page has around it. */
export function Shell() {
  return (
    <>
      <Header />
      <OriginBanner />
      <DisconnectedBanner />
      <Outlet />
    </>
  );
}
