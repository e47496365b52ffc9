"""The only home of boto3: clients, the S3 store, sources read by ranges."""
