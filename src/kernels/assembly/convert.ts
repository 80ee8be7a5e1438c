/**
 * From stored bytes to canonical values: scores become float32 (stored * slope + intercept in float64, rounded once,
 * -0 to 0), reference labels become 16-bit codes. The gate counts every voxel that must not be scored.
 */

/** Stored types, in the order of the host's table. */
const UINT8 = 0, INT8 = 1, UINT16 = 2, INT16 = 3, UINT32 = 4, INT32 = 5, UINT64 = 6, INT64 = 7, FLOAT32 = 8;

/** The code of a voxel whose ignored label is not a code itself (negative, or above 65534). */
const IGNORED_CODE: u16 = 0xffff;

/** Reverses the bytes of each element of 2, 4 or 8 bytes in place (big-endian files). */
export function swapBytes(data: usize, count: i32, elementBytes: i32): void {
  const end = data + <usize>count * elementBytes;
  if (elementBytes == 2) {
    for (let at = data; at < end; at += 2) store<u16>(at, bswap<u16>(load<u16>(at)));
  } else if (elementBytes == 4) {
    for (let at = data; at < end; at += 4) store<u32>(at, bswap<u32>(load<u32>(at)));
  } else if (elementBytes == 8) {
    for (let at = data; at < end; at += 8) store<u64>(at, bswap<u64>(load<u64>(at)));
  }
}

// @ts-ignore: decorator
@inline
function scoresOf<T>(source: usize, count: i32, slope: f64, intercept: f64, target: usize): void {
  for (let i: usize = 0, n: usize = count; i < n; i++) {
    const value = <f64>load<T>(source + i * sizeof<T>()) * slope + intercept;
    store<f32>(target + (i << 2), <f32>value + <f32>0.0);
  }
}

/**
 * Canonical scores. `target` may be `source` for elements of 4 or 8 bytes. Slope 1 and intercept 0 change nothing,
 * so float32 files keep every bit (but the sign of zero).
 */
export function convertScores(
  datatype: i32, source: usize, count: i32, slope: f64, intercept: f64, target: usize,
): void {
  switch (datatype) {
    case UINT8: scoresOf<u8>(source, count, slope, intercept, target); break;
    case INT8: scoresOf<i8>(source, count, slope, intercept, target); break;
    case UINT16: scoresOf<u16>(source, count, slope, intercept, target); break;
    case INT16: scoresOf<i16>(source, count, slope, intercept, target); break;
    case UINT32: scoresOf<u32>(source, count, slope, intercept, target); break;
    case INT32: scoresOf<i32>(source, count, slope, intercept, target); break;
    case UINT64: scoresOf<u64>(source, count, slope, intercept, target); break;
    case INT64: scoresOf<i64>(source, count, slope, intercept, target); break;
    case FLOAT32:
      if (slope == 1.0 && intercept == 0.0) {
        if (target != source) memory.copy(target, source, <usize>count << 2);
      } else {
        scoresOf<f32>(source, count, slope, intercept, target);
      }
      break;
    default: scoresOf<f64>(source, count, slope, intercept, target);
  }
}

/** Adds a fault to the record [count, first index, first value]. */
// @ts-ignore: decorator
@inline
export function fault(at: usize, index: i32, value: f64): void {
  const count = load<f64>(at);
  if (count == 0.0) {
    store<f64>(at, <f64>index, 8);
    store<f64>(at, value, 16);
  }
  store<f64>(at, count + 1.0);
}

/**
 * Checks scores in place and makes them canonical: -0 becomes 0; a probability outside [0, 1] by at most `tolerance`
 * (or by anything, with `clamp`) becomes 0 or 1. Ignored voxels (code == `ignoreCode`) become 0 and are not checked.
 * Readable and writable up to the next multiple of 4 voxels.
 *
 * `out`: float64 records [count, first index, first value] of: not finite; out of range; moved to 0 or 1; then the least
 * score, which the caller sets to infinity at first.
 */
export function gateScores(
  scores: usize, codes: usize, count: i32, logit: i32, tolerance: f64, clamp: i32, ignoreCode: i32, out: usize,
): void {
  const whole = logit ? 0 : count & ~15;
  // Of numbers from 0 to 1 the order is that of their bits as integers without a sign; those of all others, of -0 too, are larger.
  const one = i32x4.splat(reinterpret<i32>(<f32>1.0));
  let leastBits = i32x4.splat(reinterpret<i32>(f32.POSITIVE_INFINITY));
  for (let i = 0; i < whole; i += 16) {
    const at = scores + (<usize>i << 2);
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    const most = i32x4.max_u(i32x4.max_u(a, b), i32x4.max_u(c, d));
    if (v128.any_true(i32x4.gt_u(most, one))) {
      gateEach(scores, codes, i, i + 16, logit, tolerance, clamp, ignoreCode, out);
    } else {
      leastBits = i32x4.min_u(leastBits, i32x4.min_u(i32x4.min_u(a, b), i32x4.min_u(c, d)));
    }
  }
  takeLeast(leastBits, out);
  gateEach(scores, codes, whole, count, logit, tolerance, clamp, ignoreCode, out);
}

/** From voxel `start` to `end`. */
function gateEach(
  scores: usize, codes: usize, start: i32, end: i32, logit: i32, tolerance: f64, clamp: i32, ignoreCode: i32, out: usize,
): void {
  const zero = f32x4.splat(0.0);
  const lowest = f32x4.splat(logit ? -f32.MAX_VALUE : 0.0);
  const highest = f32x4.splat(logit ? f32.MAX_VALUE : 1.0);
  let least = f32x4.splat(f32.POSITIVE_INFINITY);
  for (let i = start; i < end; i += 4) {
    const at = scores + (<usize>i << 2);
    const value = f32x4.add(v128.load(at), zero);
    v128.store(at, value);
    if (i + 4 <= end) {
      least = f32x4.pmin(least, value);
    } else {
      for (let j = i; j < end; j++) least = f32x4.pmin(least, v128.load32_splat(scores + (<usize>j << 2)));
    }
    if (i32x4.all_true(v128.and(f32x4.ge(value, lowest), f32x4.le(value, highest)))) continue;
    for (let j = i, last = min(i + 4, end); j < last; j++) {
      const here = scores + (<usize>j << 2);
      const score = load<f32>(here);
      if (score >= (logit ? -f32.MAX_VALUE : 0.0) && score <= (logit ? f32.MAX_VALUE : 1.0)) continue;
      if (<i32>load<u16>(codes + (<usize>j << 1)) == ignoreCode) {
        store<f32>(here, 0.0);
      } else if (!isFinite(score)) {
        fault(out, j, <f64>score);
      } else if (clamp || (<f64>score >= -tolerance && <f64>score <= 1.0 + tolerance)) {
        fault(out + 48, j, <f64>score);
        store<f32>(here, score < 0.0 ? 0.0 : 1.0);
      } else {
        fault(out + 24, j, <f64>score);
      }
    }
  }
  takeLeast(least, out);
}

function takeLeast(least: v128, out: usize): void {
  const low = min(f32x4.extract_lane(least, 0), f32x4.extract_lane(least, 1));
  const high = min(f32x4.extract_lane(least, 2), f32x4.extract_lane(least, 3));
  store<f64>(out, min(load<f64>(out, 72), <f64>min(low, high)), 72);
}

// @ts-ignore: decorator
@inline
function codesOf<T>(
  source: usize, count: i32, slope: f64, intercept: f64, rounding: f64, hasIgnore: i32, ignore: f64,
  target: usize, out: usize,
): void {
  for (let i = 0; i < count; i++) {
    let value = <f64>load<T>(source + <usize>i * sizeof<T>()) * slope + intercept;
    if (rounding > 0.0) {
      const nearest = Math.floor(value + 0.5);
      if (Math.abs(value - nearest) <= rounding) value = nearest;
    }
    let code: u16 = 0;
    if (value >= 0.0 && value <= 65534.0 && Math.floor(value) == value) code = <u16>value;
    else if (hasIgnore && value == ignore) code = IGNORED_CODE;
    else fault(out, i, value);
    store<u16>(target + (<usize>i << 1), code);
  }
}

/**
 * Labels as codes 0 to 65534, values within `rounding` of a whole number as that number; an ignored label that is not such a number becomes 65535. `target` must not overlap.
 * `out`: float64 record [count, first index, first value] of values that are no label.
 */
export function convertLabels(
  datatype: i32, source: usize, count: i32, slope: f64, intercept: f64, rounding: f64, hasIgnore: i32,
  ignore: f64, target: usize, out: usize,
): void {
  if (datatype == UINT8 && slope == 1.0 && intercept == 0.0) {
    widen(source, count, target);
    return;
  }
  switch (datatype) {
    case UINT8: codesOf<u8>(source, count, slope, intercept, rounding, hasIgnore, ignore, target, out); break;
    case INT8: codesOf<i8>(source, count, slope, intercept, rounding, hasIgnore, ignore, target, out); break;
    case UINT16: codesOf<u16>(source, count, slope, intercept, rounding, hasIgnore, ignore, target, out); break;
    case INT16: codesOf<i16>(source, count, slope, intercept, rounding, hasIgnore, ignore, target, out); break;
    case UINT32: codesOf<u32>(source, count, slope, intercept, rounding, hasIgnore, ignore, target, out); break;
    case INT32: codesOf<i32>(source, count, slope, intercept, rounding, hasIgnore, ignore, target, out); break;
    case UINT64: codesOf<u64>(source, count, slope, intercept, rounding, hasIgnore, ignore, target, out); break;
    case INT64: codesOf<i64>(source, count, slope, intercept, rounding, hasIgnore, ignore, target, out); break;
    case FLOAT32: codesOf<f32>(source, count, slope, intercept, rounding, hasIgnore, ignore, target, out); break;
    default: codesOf<f64>(source, count, slope, intercept, rounding, hasIgnore, ignore, target, out);
  }
}

/** uint8 to uint16; writes up to the next multiple of 16 voxels. */
function widen(source: usize, count: i32, target: usize): void {
  for (let i: usize = 0, n: usize = count; i < n; i += 16) {
    const bytes = v128.load(source + i);
    v128.store(target + (i << 1), i16x8.extend_low_i8x16_u(bytes));
    v128.store(target + (i << 1), i16x8.extend_high_i8x16_u(bytes), 16);
  }
}

/** mask[i] = lut[codes[i]] (a byte each); returns the bitwise or of all of them. */
export function maskFromCodes(codes: usize, count: i32, lut: usize, mask: usize): i32 {
  let seen: u32 = 0;
  let i: usize = 0;
  const n: usize = count;
  // Of a run of one code, 16 voxels at a time.
  let own = i16x8.splat(<i16>load<u16>(codes));
  let value = i8x16.splat(load<u8>(lut + <usize>load<u16>(codes)));
  for (; i + 16 <= n; i += 16) {
    const at = codes + (i << 1);
    if (i16x8.all_true(v128.and(i16x8.eq(v128.load(at), own), i16x8.eq(v128.load(at, 16), own)))) {
      v128.store(mask + i, value);
      continue;
    }
    for (let k: usize = 0; k < 16; k += 4) {
      const packed = maskOfFour(load<u64>(at + (k << 1)), lut);
      store<u32>(mask + i + k, packed);
      seen |= packed;
    }
    own = i16x8.splat(<i16>load<u16>(at, 30));
    value = i8x16.splat(load<u8>(lut + <usize>load<u16>(at, 30)));
  }
  for (; i < n; i++) {
    const value = load<u8>(lut + <usize>load<u16>(codes + (i << 1)));
    store<u8>(mask + i, value);
    seen |= value;
  }
  if (count > 0) seen |= load<u8>(lut + <usize>load<u16>(codes));
  return (seen | (seen >> 8) | (seen >> 16) | (seen >> 24)) & 0xff;
}

// @ts-ignore: decorator
@inline
function maskOfFour(four: u64, lut: usize): u32 {
  return <u32>load<u8>(lut + <usize>(four & 0xffff))
    | (<u32>load<u8>(lut + <usize>((four >> 16) & 0xffff)) << 8)
    | (<u32>load<u8>(lut + <usize>((four >> 32) & 0xffff)) << 16)
    | (<u32>load<u8>(lut + <usize>(four >> 48)) << 24);
}

/**
 * mask[i] = 1 where the stored byte is one of `labelCount` labels (a byte each), or, without labels, is above 0. Reads
 * and writes up to the next multiple of 16 voxels.
 */
export function maskFromBytes(source: usize, count: i32, labels: usize, labelCount: i32, mask: usize): void {
  const one = i8x16.splat(1);
  for (let i: usize = 0, n: usize = count; i < n; i += 16) {
    const values = v128.load(source + i);
    let found = labelCount ? i8x16.splat(0) : i8x16.ne(values, i8x16.splat(0));
    for (let label: usize = 0; label < <usize>labelCount; label++) {
      found = v128.or(found, i8x16.eq(values, v128.load8_splat(labels + label)));
    }
    v128.store(mask + i, v128.and(found, one));
  }
}

/** Record [count, first index, first value = code] of the voxels whose mask has `bit`. */
export function findMasked(mask: usize, codes: usize, count: i32, bit: i32, out: usize): void {
  for (let i = 0; i < count; i++) {
    if (load<u8>(mask + i) & bit) fault(out, i, <f64>load<u16>(codes + (<usize>i << 1)));
  }
}

/** How many voxels have a mask with `bit`. Reads up to the next multiple of 16 voxels. */
export function countMasked(mask: usize, count: i32, bit: i32): i32 {
  const bits = i8x16.splat(<i8>bit);
  let found = 0;
  for (let i = 0; i < count; i += 16) {
    const lanes = i8x16.bitmask(i8x16.ne(v128.and(v128.load(mask + i), bits), i8x16.splat(0)));
    found += popcnt(i + 16 <= count ? lanes : lanes & ((1 << (count - i)) - 1));
  }
  return found;
}

/** Moves the elements whose mask lacks `bit` together, in order and in place; returns how many are left. */
export function compact(mask: usize, count: i32, bit: i32, data: usize, elementBytes: i32): i32 {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    if (load<u8>(mask + i) & bit) continue;
    if (elementBytes == 4) store<u32>(data + (<usize>kept << 2), load<u32>(data + (<usize>i << 2)));
    else store<u16>(data + (<usize>kept << 1), load<u16>(data + (<usize>i << 1)));
    kept++;
  }
  return kept;
}
