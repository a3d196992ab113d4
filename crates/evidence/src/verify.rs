//! The other side: reads a package it trusts in nothing and names every defect.
