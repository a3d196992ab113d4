//! What a court receives: package layout, seal, CASE graph, report, verification.
