"""Words are hidden in the published shares, and guessed from the picture."""

from __future__ import annotations

import numpy as np
import torch

from edgehuman.preprocess.image.bpe import HIDDEN, PAD, START
from edgehuman.tasks.image.captions.hiding import CrossAttention, MaskedWords, hide

SIZE = 301
IDS = np.array([START, *range(3, 203), SIZE - 1, PAD, PAD], np.int32)


def test_the_shares_of_hidden_words() -> None:
    rng = np.random.default_rng(0)
    hidden = [hide(IDS, SIZE, rng) for _ in range(300)]
    shown, target = (np.stack([pair[side] for pair in hidden]) for side in (0, 1))
    chosen = target != PAD
    assert not chosen[:, [0, -1, -2, -3]].any()  # neither start, end nor padding
    assert (target[chosen] == np.broadcast_to(IDS, target.shape)[chosen]).all()
    assert (shown[~chosen] == np.broadcast_to(IDS, shown.shape)[~chosen]).all()
    assert abs(chosen[:, 1:201].mean() - 0.15) < 0.01
    kept = (shown == IDS)[chosen].mean()
    assert abs((shown[chosen] == HIDDEN).mean() - 0.8) < 0.01
    assert abs(kept - 0.1) < 0.01
    assert shown[chosen].max() < SIZE - 1


def test_of_a_short_sentence_one_word_is_hidden_at_least() -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        assert (hide(np.array([START, 5, SIZE - 1], np.int32), SIZE, rng)[1] != PAD).sum() == 1
    _, target_S = hide(np.array([START, SIZE - 1], np.int32), SIZE, rng)
    assert not target_S.any()


def test_a_token_sees_cells_and_equal_cells_are_one() -> None:
    torch.manual_seed(0)
    cross = CrossAttention(16, 8).eval()
    x_NSD, cell_NPD = torch.randn(1, 3, 16), torch.randn(1, 1, 16)
    once, thrice = cross(x_NSD, cell_NPD), cross(x_NSD, cell_NPD.expand(1, 3, 16))
    torch.testing.assert_close(once, thrice)
    assert not torch.allclose(once, cross(x_NSD, torch.randn(1, 1, 16)))


def test_a_guess_depends_on_the_picture() -> None:
    torch.manual_seed(0)
    guess = MaskedWords(6, 16, 40, 1).eval()
    tokens_NSD = torch.randn(2, 5, 16)
    one, other = (guess(tokens_NSD, torch.randn(2, 6, 4, 2)) for _ in range(2))
    assert one.shape == (2, 5, 40)
    assert not torch.allclose(one, other)
