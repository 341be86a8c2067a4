//! Examples of the workspace.
