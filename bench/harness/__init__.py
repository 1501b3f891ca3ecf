# SPDX-License-Identifier: Apache-2.0
"""bench/compare: runs Java and its Python peers one after the other and writes the table."""
