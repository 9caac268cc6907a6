/** The chart itself: lightweight-charts behind what the pages need of it. */

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
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import type { Band, Bar, LinePoint, Mark, View } from './bar';
import { Bands, Marks } from './drawings';
import { type Grain, tickMark, timeWords } from './timeAxis';
import { WallClock } from './wallClock';

export interface ChartFacts {
  readonly precision: number;
  readonly tickSize: number;
  /** IANA name: whose clocks the time axis shows. */
  readonly zone: string;
  readonly grain?: Grain;
}

/** A horizontal line: its place and what stands beside it. */
export interface Level {
  readonly name: 'high' | 'low' | 'settlement';
  readonly title: string;
  readonly price: number | null;
}

const utc = (seconds: number) => seconds as UTCTimestamp;

/** So many bars are seen at first. */
const FIRST_BARS = 90;
/** Empty places after the newest bar. */
const ROOM_BARS = 3;

/** Candles, volume below them, VWAP over them. Draws at most once a frame, whatever is called. */
export class PriceChart<B extends Bar = Bar> {
  private readonly chart;
  private readonly candles;
  private readonly volume;
  private readonly vwap;
  private readonly bands = new Bands();
  private readonly marks = new Marks();
  private readonly clock: WallClock;
  private readonly lines = new Map<Level['name'], IPriceLine>();
  private readonly byTime = new Map<Time, B>();
  private colours: Colours;
  private isPlaced = false;
  /** Asked for, and not yet drawn. */
  private target: View | null = null;
  /** What the visible candles span. */
  private span: PriceRange | null = null;

  constructor(element: HTMLElement, facts: ChartFacts, onHover: (bar: B | null) => void) {
    const { precision, tickSize, zone, grain = 'minute' } = facts;
    this.colours = readColours(element);
    this.clock = new WallClock(zone);
    this.chart = createChart(element, {
      autoSize: true,
      // The logo brings a style element, which the policy refuses; the link below the chart names its makers instead.
      layout: { attributionLogo: false, fontSize: 11 },
      crosshair: { mode: CrosshairMode.Normal },
      timeScale: {
        timeVisible: grain !== 'day',
        secondsVisible: grain === 'second',
        rightOffset: ROOM_BARS,
        minBarSpacing: 0.1,
        tickMarkFormatter: tickMark,
      },
      localization: { timeFormatter: timeWords(grain) },
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
    this.candles.attachPrimitive(this.bands);
    this.candles.attachPrimitive(this.marks);
    this.chart.timeScale().subscribeVisibleLogicalRangeChange(() => {
      this.target = null;
    });
    this.chart.subscribeCrosshairMove((event) => onHover(this.barUnder(event)));
    this.paint();
  }

  /** All bars, oldest first, and what to see of them; without that the newest at first, then what the chart makes of it. */
  setBars(bars: readonly B[], view?: View): void {
    this.byTime.clear();
    for (const bar of bars) this.byTime.set(this.at(bar), bar);
    this.candles.setData(bars.map((bar) => ({ ...prices(bar), time: this.at(bar) })));
    this.volume.setData(bars.map((bar) => this.volumeOf(bar)));
    if (view) this.show(view);
    else if (!this.isPlaced && bars.length > 0) {
      this.show({ from: bars.length - FIRST_BARS, to: bars.length + ROOM_BARS });
    }
    this.isPlaced ||= bars.length > 0;
  }

  moveBar(bar: B): void {
    this.byTime.set(this.at(bar), bar);
    this.candles.update({ ...prices(bar), time: this.at(bar) });
    this.volume.update(this.volumeOf(bar));
  }

  setVwap(points: readonly LinePoint[]): void {
    this.vwap.setData(points.map((point) => this.pointOf(point)));
  }

  moveVwap(point: LinePoint): void {
    this.vwap.update(this.pointOf(point));
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

  setBands(bands: readonly Band[]): void {
    this.bands.set(bands);
  }

  setMarks(marks: readonly Mark[]): void {
    this.marks.set(marks);
  }

  /** What is seen, or is to be with the next frame; null before there is anything. */
  view(): View | null {
    return this.target ?? this.chart.timeScale().getVisibleLogicalRange();
  }

  show({ from, to }: View): void {
    this.target = { from, to };
    this.chart.timeScale().setVisibleLogicalRange({ from, to });
  }

  /** Calls whenever another part is seen; the returned function ends that. */
  onView(listener: (view: View) => void): () => void {
    const onRange = (range: View | null) => range && listener(range);
    this.chart.timeScale().subscribeVisibleLogicalRangeChange(onRange);
    return () => this.chart.timeScale().unsubscribeVisibleLogicalRangeChange(onRange);
  }

  /** Puts the crosshair on a bar's close; null takes it away. Tells nobody: the pointer's moves do. */
  point(bar: B | null): void {
    if (bar) this.chart.setCrosshairPosition(bar.close, this.at(bar), this.candles);
    else this.chart.clearCrosshairPosition();
  }

  /** After the page's colours changed. */
  repaint(element: HTMLElement): void {
    this.colours = readColours(element);
    this.paint();
    for (const [name, line] of this.lines) line.applyOptions(this.levelStyle(name));
    this.volume.setData([...this.byTime.values()].map((bar) => this.volumeOf(bar)));
  }

  remove(): void {
    this.chart.remove();
  }

  private at({ time }: { readonly time: number }): UTCTimestamp {
    return utc(this.clock.of(time));
  }

  /** VWAP is in the picture while it is near: far from it, the candles would shrink to a line. */
  private ifNear(vwap: AutoscaleInfo | null): AutoscaleInfo | null {
    if (!vwap?.priceRange || !this.span) return vwap;
    const { minValue, maxValue } = this.span;
    const room = maxValue - minValue;
    const isNear = vwap.priceRange.minValue > minValue - room && vwap.priceRange.maxValue < maxValue + room;
    return isNear ? vwap : null;
  }

  private volumeOf(bar: B) {
    const time = this.at(bar);
    return bar.volume === null ? { time } : { time, value: bar.volume, color: this.colours.volume };
  }

  private pointOf(point: LinePoint) {
    const { value, isLast } = point;
    // A point's colour is that of the line from it to the next.
    return { time: this.at(point), value, ...(isLast && { color: 'transparent' }) };
  }

  private barUnder({ time }: MouseEventParams): B | null {
    return (time !== undefined && this.byTime.get(time)) || null;
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
    const { background, text, line, up, down, vwap, shade, mark } = this.colours;
    this.chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: background }, textColor: text },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
      crosshair: { vertLine: { labelBackgroundColor: line }, horzLine: { labelBackgroundColor: line } },
    });
    this.candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
    this.vwap.applyOptions({ color: vwap });
    this.bands.recolour(shade);
    this.marks.recolour(mark, background);
  }
}

const prices = ({ open, high, low, close }: Bar) => ({ open, high, low, close });

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
    mark: of('--thor-accent'),
    shade: of('--thor-shade'),
    volume: of('--thor-track'),
  };
}
