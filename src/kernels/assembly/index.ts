/** The kernels' exports. Addresses are bytes in the module's memory; the host lays it out. */
export { dataEnd } from './data-end';
export { logOfRest, naturalLog } from './math';
export { sumTerms } from './sums';
export { sumRunCrossEntropy, sumRunTerms } from './run-sums';
export { swapBytes, convertScores, gateScores, convertLabels, maskFromCodes, maskFromBytes, findMasked, countMasked, compact } from './convert';
export {
  countLabel, decideChannels, crossEntropyOfProbabilities, softmax, sumChannels, markCodes, countPairs,
} from './classes';
export { countBuckets, prefixSums, placeKeys, encodeSide } from './partition';
export { evaluateKeys } from './evaluate';
export { addPieceKeys } from './add-keys';
export { clearKeys, endBucket, gatherKeys } from './key-list';
export { writeListRuns } from './list-runs';
export { listPieces, readPieces, startRows } from './piece-list';
export { mergedDirectory, tileDirectory } from './directory';
export { mergeBuckets, mergeTile } from './merge';
export { probabilityOfKey } from './score-bins';
export { startWalk, walkSteps } from './scores';
export {
  labelsAbove, labelsEqual, labelsOfMask, encodeLabelRuns, mergePlanes,
} from './mask-runs';
export { sweepElements } from './border-sweep';
export { startBlocks, coarsen, takeCounts } from './nearest';
export { labelPlane, finishComponents, sharePlanes, sortShared } from './components';
