"""What is true of conferences, tiers, quotas, orders, vouchers and money, without a database or a web in sight."""
