/** The chart itself: lightweight-charts behind what the panel needs of it. */

import {
  type AutoscaleInfo,
  CandlestickSeries,
  ColorType,
  CrosshairMode,
  createChart,
  HistogramSeries,
  type IPriceLine,
  LineSeries,
  LineStyle,
  type MouseEventParams,
  type PriceRange,
  TickMarkType,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import type { Bar } from './bars';
import type { VwapPoint } from './reads';

export interface ChartFacts {
  readonly precision: number;
  readonly tickSize: number;
}

/** A horizontal line: its place and what stands beside it. */
export interface Level {
  readonly name: 'high' | 'low' | 'settlement';
  readonly title: string;
  readonly price: number | null;
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const clock = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { timeZone: zone, day: 'numeric', month: 'short' });
const both = new Intl.DateTimeFormat('en-GB', {
  timeZone: zone,
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

const msOf = (time: Time): number => (time as number) * 1000;
const utc = (seconds: number) => seconds as UTCTimestamp;

/** So many bars are seen at first. */
const FIRST_BARS = 90;

/** Candles, volume below them, VWAP over them. Draws at most once a frame, whatever is called. */
export class PriceChart {
  private readonly chart;
  private readonly candles;
  private readonly volume;
  private readonly vwap;
  private readonly lines = new Map<Level['name'], IPriceLine>();
  private colours: Colours;
  private isPlaced = false;
  /** What the visible candles span. */
  private span: PriceRange | null = null;

  constructor(element: HTMLElement, { precision, tickSize }: ChartFacts, onHover: (bar: Bar | null) => void) {
    this.colours = readColours(element);
    this.chart = createChart(element, {
      autoSize: true,
      // The logo brings a style element, which the policy refuses; the link below the chart names its makers instead.
      layout: { attributionLogo: false, fontSize: 11 },
      crosshair: { mode: CrosshairMode.Normal },
      timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 3, tickMarkFormatter: tickMark },
      localization: { timeFormatter: (time: Time) => both.format(msOf(time)) },
    });
    const priceFormat = { type: 'price', precision, minMove: tickSize } as const;
    this.volume = this.chart.addSeries(HistogramSeries, {
      priceScaleId: '',
      priceFormat: { type: 'volume' },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.candles = this.chart.addSeries(CandlestickSeries, {
      priceFormat,
      borderVisible: false,
      autoscaleInfoProvider: (original: () => AutoscaleInfo | null) => {
        const info = original();
        this.span = info?.priceRange ?? null;
        return info;
      },
    });
    this.candles.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.2 } });
    this.vwap = this.chart.addSeries(LineSeries, {
      priceFormat,
      lineWidth: 2,
      title: 'VWAP',
      priceLineVisible: false,
      crosshairMarkerVisible: false,
      autoscaleInfoProvider: (original: () => AutoscaleInfo | null) => this.ifNear(original()),
    });
    this.chart.subscribeCrosshairMove((event) => onHover(this.barUnder(event)));
    this.paint();
  }

  setBars(bars: readonly Bar[]): void {
    this.candles.setData(bars.map((bar) => ({ ...bar, time: utc(bar.time) })));
    this.volume.setData(bars.map((bar) => this.volumeOf(bar)));
    if (this.isPlaced || bars.length === 0) return;
    this.isPlaced = true;
    this.chart.timeScale().setVisibleLogicalRange({ from: bars.length - FIRST_BARS, to: bars.length + 3 });
  }

  moveBar(bar: Bar): void {
    this.candles.update({ ...bar, time: utc(bar.time) });
    this.volume.update(this.volumeOf(bar));
  }

  setVwap(points: readonly VwapPoint[]): void {
    this.vwap.setData(points.map(({ time, value }) => ({ time: utc(time), value })));
  }

  moveVwap({ time, value }: VwapPoint): void {
    this.vwap.update({ time: utc(time), value });
  }

  setLevel({ name, title, price }: Level): void {
    const line = this.lines.get(name);
    if (price === null) {
      if (line) this.candles.removePriceLine(line);
      this.lines.delete(name);
      return;
    }
    if (line) line.applyOptions({ price });
    else this.lines.set(name, this.candles.createPriceLine({ price, title, ...this.levelStyle(name) }));
  }

  /** After the page's colours changed. */
  repaint(element: HTMLElement): void {
    this.colours = readColours(element);
    this.paint();
    for (const [name, line] of this.lines) line.applyOptions(this.levelStyle(name));
    this.volume.setData(this.volume.data().map((each) => ({ ...each, color: this.colours.volume })));
  }

  remove(): void {
    this.chart.remove();
  }

  /** VWAP is in the picture while it is near: far from it, the candles would shrink to a line. */
  private ifNear(vwap: AutoscaleInfo | null): AutoscaleInfo | null {
    if (!vwap?.priceRange || !this.span) return vwap;
    const { minValue, maxValue } = this.span;
    const room = maxValue - minValue;
    const isNear = vwap.priceRange.minValue > minValue - room && vwap.priceRange.maxValue < maxValue + room;
    return isNear ? vwap : null;
  }

  private volumeOf({ time, volume }: Bar) {
    return { time: utc(time), value: volume, color: this.colours.volume };
  }

  private barUnder({ time, seriesData }: MouseEventParams): Bar | null {
    const candle = seriesData.get(this.candles) as Omit<Bar, 'volume' | 'time'> | undefined;
    const volume = seriesData.get(this.volume) as { value: number } | undefined;
    return time !== undefined && candle ? { ...candle, time: time as number, volume: volume?.value ?? 0 } : null;
  }

  private levelStyle(name: Level['name']) {
    const color = name === 'settlement' ? this.colours.settlement : this.colours.text;
    return {
      color,
      axisLabelColor: color,
      axisLabelTextColor: this.colours.background,
      lineWidth: 1 as const,
      lineStyle: LineStyle.Dashed,
    };
  }

  private paint(): void {
    const { background, text, line, up, down, vwap } = this.colours;
    this.chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: background }, textColor: text },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
      crosshair: { vertLine: { labelBackgroundColor: line }, horzLine: { labelBackgroundColor: line } },
    });
    this.candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
    this.vwap.applyOptions({ color: vwap });
  }
}

type Colours = ReturnType<typeof readColours>;

/** The page's own colours, as its theme has them now. */
function readColours(element: HTMLElement) {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    background: of('--mantine-color-body'),
    text: of('--mantine-color-dimmed'),
    line: of('--thor-line'),
    up: of('--thor-up'),
    down: of('--thor-down'),
    vwap: of('--thor-vwap'),
    settlement: of('--thor-accent'),
    volume: of('--thor-track'),
  };
}

function tickMark(time: Time, kind: TickMarkType): string {
  const isClock = kind === TickMarkType.Time || kind === TickMarkType.TimeWithSeconds;
  return (isClock ? clock : day).format(msOf(time));
}
