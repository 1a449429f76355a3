// Boost Software License 1.0, see LICENSE
