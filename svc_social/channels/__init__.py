"""ChannelService: channels and who may act for them."""
