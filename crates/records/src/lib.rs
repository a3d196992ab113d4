//! The company's own records: a catalog of sources, one query per data category, effects.
