//! What it means: taint policies, walks, exhibits, the layout of the picture.
