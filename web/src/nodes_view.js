// Boost Software License 1.0, see LICENSE

// The nodes of the cluster, where there are several. A link opens the same room at another node, in another window.
import { element } from './message_view.js';
import { pageOf } from './nodes.js';

const get = id => document.getElementById(id);

function entry({ name, url }, here, address) {
    const made = element(here || !url ? 'span' : 'a', 'node');
    if (made.tagName === 'A') {
        made.href = pageOf(url) + address;
        made.target = '_blank';
        made.rel = 'noopener';
        made.title = `Open this room at ${name} in another window`;
    }
    const sign = element('span', `sign dot ${here ? 'here' : 'away'}`);
    sign.ariaHidden = 'true';
    made.append(sign, element('span', 'node-name', name));
    if (here) made.append(element('span', 'you', 'this window'));
    if (made.tagName === 'A') {
        const arrow = element('span', 'elsewhere', '↗');
        arrow.ariaHidden = 'true';
        made.append(element('span', 'unseen', ': open this room there'), arrow);
    }
    const item = element('li');
    item.append(made);
    return item;
}

export function drawNodes({ nodes, state, current }) {
    get('nodes-part').hidden = nodes.all.length < 2;
    const online = state.name === 'online';
    get('nodes').replaceChildren(...nodes.all.map(one => entry(one, online && one.name === nodes.here, current?.address ?? '')));
}
