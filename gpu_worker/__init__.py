"""One image, three hosts: Lambda, AWS Batch, SageMaker. Each carries out chunks alike."""
