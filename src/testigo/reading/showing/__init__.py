"""What of a sheet everybody may see: its layout's zones or the rows that were read, and the picture of them."""
