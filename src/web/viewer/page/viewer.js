// The page of a case: a picture with its controls, or two files of a case without a score.
import { showCase } from './case.js';
import { showSides } from './sides.js';

const figure = document.querySelector('[data-case]');
if (figure) showCase(figure, JSON.parse(figure.dataset.case));
const sides = [...document.querySelectorAll('[data-side]')];
if (sides.length > 0) showSides(sides);
