"""What Smart Paste does between a form and the intake: read several inputs, foretell, keep, import, report."""
